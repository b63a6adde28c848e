//! Card purses: what their issuer knows of each card. What it knows of a card's offline sequences: [`crate::card_places`].

use ledger::Timestamp;
use messages::card::{Asn, IssuerId, Seconds, Sequence};
use money::Currency;
use wallet::ids::{HolderId, IssueBatchId, PostingsId};

use crate::sql::{codes, each, first, groups, unsigned};
use crate::{RecordsError, Row, Sql};

codes! {
    /// Why terminals shall not take a card.
    pub enum CardListing {
        /// Its holder lost it.
        Lost = "lost",
        /// There are two of it.
        Cloned = "cloned",
        /// It spent what its issuer never loaded.
        Counterfeit = "counterfeit",
    }
}

codes! {
    /// Where a card is in its life.
    pub enum CardPurseState {
        /// In a batch, without a holder.
        Made = "made",
        /// A holder has it.
        Bound = "bound",
        /// On the status list.
        Listed = "listed",
        /// Its rest was paid out.
        Closed = "closed",
    }
}

/// One card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPurse {
    /// Its number.
    pub asn: Asn,
    /// Its issuer.
    pub issuer: IssuerId,
    /// The batch that it was made in.
    pub batch: IssueBatchId,
    /// The currency that it counts.
    pub currency: Currency,
    /// Whose it is.
    pub holder: Option<HolderId>,
    /// How often a wrong activation code was typed for it.
    pub code_attempts: u32,
    /// What its issuer owes its holder, in minor units.
    pub own: u64,
    /// What it spent beyond, in minor units.
    pub excess: u64,
    /// Since when there is excess.
    pub excess_since: Option<Seconds>,
    /// Why terminals shall not take it, and since when.
    pub listed: Option<(CardListing, Seconds)>,
    /// Whether its rest was paid out.
    pub is_closed: bool,
    /// The next online sequence.
    pub online_sequence: Sequence,
    /// The attempts at loads and unloads, as the issuer's host writes them.
    pub online: Vec<u8>,
    /// What went on and off online, likewise.
    pub moved: Vec<u8>,
    /// The transfers that were decided last.
    pub postings: Option<PostingsId>,
    /// When it was last at a terminal that was online, or a record of it came.
    pub last_seen: Option<Timestamp>,
    /// How often the row was written.
    pub revision: u64,
}

impl CardPurse {
    /// Where the card is in its life.
    #[must_use]
    pub const fn state(&self) -> CardPurseState {
        match (self.is_closed, self.listed, self.holder) {
            (true, _, _) => CardPurseState::Closed,
            (_, Some(_), _) => CardPurseState::Listed,
            (_, _, Some(_)) => CardPurseState::Bound,
            _ => CardPurseState::Made,
        }
    }
}

const COLUMNS: &str = "asn, issuer, issue_batch, currency, holder_id, code_attempts, own, excess, excess_since, listed, \
                       listed_since, is_closed, online_sequence, online, moved, postings, last_seen, revision";

/// Records a card.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, card: &CardPurse) -> Result<(), RecordsError> {
    sql.execute(
        &format!(
            "INSERT INTO card_purses ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
             $15, $16, $17, $18)"
        ),
        &[
            card.asn.into(),
            card.issuer.into(),
            card.batch.into(),
            card.currency.into(),
            card.holder.into(),
            card.code_attempts.into(),
            unsigned(card.own),
            unsigned(card.excess),
            card.excess_since.into(),
            card.listed.map(|(why, _)| why).into(),
            card.listed.map(|(_, since)| since).into(),
            card.is_closed.into(),
            card.online_sequence.into(),
            card.online.as_slice().into(),
            card.moved.as_slice().into(),
            card.postings.into(),
            card.last_seen.into(),
            unsigned(card.revision),
        ],
    )?;
    Ok(())
}

/// Writes a card, where nobody has written it since it was read. Says whether that was so.
///
/// # Errors
/// What the database says.
pub fn update(sql: &mut dyn Sql, card: &CardPurse) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE card_purses SET holder_id = $1, code_attempts = $2, own = $3, excess = $4, excess_since = $5, listed = $6, \
         listed_since = $7, is_closed = $8, online_sequence = $9, online = $10, moved = $11, postings = $12, \
         last_seen = $13, revision = revision + 1 WHERE asn = $14 AND revision = $15",
        &[
            card.holder.into(),
            card.code_attempts.into(),
            unsigned(card.own),
            unsigned(card.excess),
            card.excess_since.into(),
            card.listed.map(|(why, _)| why).into(),
            card.listed.map(|(_, since)| since).into(),
            card.is_closed.into(),
            card.online_sequence.into(),
            card.online.as_slice().into(),
            card.moved.as_slice().into(),
            card.postings.into(),
            card.last_seen.into(),
            card.asn.into(),
            unsigned(card.revision),
        ],
    )?;
    Ok(changed == 1)
}

/// The card with that number.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, asn: Asn) -> Result<Option<CardPurse>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM card_purses WHERE asn = $1"), &[asn.into()])?;
    first(&rows, read)
}

/// Those of these cards that there are.
///
/// # Errors
/// What the database says.
pub fn get_all(sql: &mut dyn Sql, asns: &[Asn]) -> Result<Vec<CardPurse>, RecordsError> {
    let mut found = Vec::with_capacity(asns.len());
    for group in groups(asns) {
        let query = format!("SELECT {COLUMNS} FROM card_purses WHERE asn IN ({})", group.placeholders(1));
        found.extend(each(&sql.query(&query, &group.values())?, read)?);
    }
    Ok(found)
}

/// A holder's cards, by number.
///
/// # Errors
/// What the database says.
pub fn of_holder(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<CardPurse>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_purses WHERE holder_id = $1 ORDER BY asn");
    each(&sql.query(&query, &[holder.into()])?, read)
}

/// The cards of a batch, by number.
///
/// # Errors
/// What the database says.
pub fn of_batch(sql: &mut dyn Sql, batch: IssueBatchId) -> Result<Vec<CardPurse>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_purses WHERE issue_batch = $1 ORDER BY asn");
    each(&sql.query(&query, &[batch.into()])?, read)
}

/// The cards that terminals shall not take, by number.
///
/// # Errors
/// What the database says.
pub fn listed(sql: &mut dyn Sql) -> Result<Vec<CardPurse>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_purses WHERE listed IS NOT NULL ORDER BY asn");
    each(&sql.query(&query, &[])?, read)
}

/// The cards with loads or unloads that may not have come to their end, by number.
///
/// # Errors
/// What the database says.
pub fn with_online(sql: &mut dyn Sql) -> Result<Vec<CardPurse>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_purses WHERE LENGTH(online) > 0 ORDER BY asn");
    each(&sql.query(&query, &[])?, read)
}

/// Every card after a number, by number, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn after(sql: &mut dyn Sql, asn: Asn, limit: u32) -> Result<Vec<CardPurse>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_purses WHERE asn > $1 ORDER BY asn LIMIT $2");
    each(&sql.query(&query, &[asn.into(), limit.into()])?, read)
}

/// What the cards of a currency add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardSums {
    /// The currency.
    pub currency: Currency,
    /// How many cards have a holder.
    pub bound: u64,
    /// What their issuer owes, in minor units.
    pub own: i128,
    /// What was spent beyond, in minor units.
    pub excess: i128,
}

/// What the cards add up to, by currency.
///
/// # Errors
/// What the database says.
pub fn sums(sql: &mut dyn Sql) -> Result<Vec<CardSums>, RecordsError> {
    let rows = sql.query(
        "SELECT currency, COUNT(holder_id), CAST(SUM(own) AS BIGINT), CAST(SUM(excess) AS BIGINT) FROM card_purses \
         GROUP BY currency ORDER BY currency",
        &[],
    )?;
    each(&rows, |row| {
        Ok(CardSums {
            currency: row.currency(0)?,
            bound: row.count(1)?,
            own: row.int(2)?.into(),
            excess: row.int(3)?.into(),
        })
    })
}

/// How many cards are at one place of their lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardCount {
    /// Where.
    pub state: CardPurseState,
    /// Why they are listed.
    pub listed: Option<CardListing>,
    /// How many.
    pub cards: u64,
}

/// How many cards there are, by state and listing.
///
/// # Errors
/// What the database says.
pub fn counts(sql: &mut dyn Sql) -> Result<Vec<CardCount>, RecordsError> {
    let rows = sql.query(
        "SELECT CASE WHEN is_closed = 1 THEN 'closed' WHEN listed IS NOT NULL THEN 'listed' \
         WHEN holder_id IS NOT NULL THEN 'bound' ELSE 'made' END AS state, \
         CASE WHEN is_closed = 1 THEN NULL ELSE listed END AS why, COUNT(*) \
         FROM card_purses GROUP BY 1, 2 ORDER BY 1, 2",
        &[],
    )?;
    each(&rows, |row| {
        Ok(CardCount { state: row.code(0)?, listed: row.optional(1, Row::code)?, cards: row.count(2)? })
    })
}

fn read(row: &Row) -> Result<CardPurse, RecordsError> {
    let (why, since) = (row.optional(9, Row::code)?, row.optional(10, Row::count)?);
    Ok(CardPurse {
        asn: Asn(row.array(0)?),
        issuer: IssuerId(row.array(1)?),
        batch: row.id(2)?,
        currency: row.currency(3)?,
        holder: row.optional_id(4)?,
        code_attempts: row.number(5)?,
        own: row.count(6)?,
        excess: row.count(7)?,
        excess_since: row.optional(8, Row::count)?.map(Seconds),
        listed: why.zip(since.map(Seconds)),
        is_closed: row.flag(11)?,
        online_sequence: Sequence(row.number(12)?),
        online: row.bytes(13)?.to_vec(),
        moved: row.bytes(14)?.to_vec(),
        postings: row.optional_id(15)?,
        last_seen: row.optional_timestamp(16)?,
        revision: row.count(17)?,
    })
}
