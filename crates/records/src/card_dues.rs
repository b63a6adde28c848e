//! Parts of split sales: the card paid what it held, and its holder's wallet owes the rest.

use ledger::Timestamp;
use messages::card::{Asn, OrderId, Sequence, TerminalId};
use money::Amount;
use wallet::ids::{CardDueId, HolderId, MerchantId, OperationId};

use crate::sql::{codes, each, first, minor, unsigned};
use crate::{RecordsError, Row, Sql};

codes! {
    /// How far a part came.
    pub enum CardDueState {
        /// The terminal says so; its card has not been heard yet.
        Unproven = "unproven",
        /// The card says so: its seller has the money, and the wallet owes it.
        Owed = "owed",
        /// The wallet has paid it.
        Collected = "collected",
        /// The holder says that it was not so, and the card has not been heard.
        Disowned = "disowned",
    }
}

impl CardDueState {
    /// Whether the card's own word would make it owed.
    #[must_use]
    pub const fn waits_for_card(self) -> bool {
        matches!(self, Self::Unproven | Self::Disowned)
    }
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardDue {
    /// Its id.
    pub id: CardDueId,
    /// The card.
    pub asn: Asn,
    /// The sale, as its terminal named it.
    pub order: OrderId,
    /// The offline sequence of the card's own part.
    pub sequence: Sequence,
    /// Version and algorithm of the card's key then.
    pub key: (u8, u8),
    /// Whose wallet owes.
    pub holder: HolderId,
    /// Who sold.
    pub merchant: MerchantId,
    /// Where.
    pub terminal: TerminalId,
    /// How much.
    pub amount: Amount,
    /// How far it came.
    pub state: CardDueState,
    /// How many collections of it the ledger refused.
    pub attempt: u32,
    /// The operation that collected it.
    pub operation: Option<OperationId>,
    /// When it was sold.
    pub owed_since: Timestamp,
    /// When it was collected.
    pub collected_at: Option<Timestamp>,
    /// Whether terminals are told to close it on its card.
    pub is_listed: bool,
}

/// What became of the parts that a holder owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueCounts {
    /// Collected within the time that was asked about.
    pub on_time: u64,
    /// Collected later.
    pub late: u64,
    /// Owed for longer than the other time that was asked about, and not collected.
    pub failed: u64,
    /// Since when the oldest that is owed is owed.
    pub oldest_owed: Option<Timestamp>,
}

const COLUMNS: &str = "id, asn, order_id, sequence, key_version, algorithm, holder_id, merchant_id, terminal, currency, \
                       amount, state, attempt, operation_id, owed_since, collected_at, is_listed";

/// Records a part, unless it is there. Says whether it was not.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, due: &CardDue) -> Result<bool, RecordsError> {
    let (key_version, algorithm) = due.key;
    let inserted = sql.execute(
        &format!(
            "INSERT INTO card_dues ({COLUMNS}) VALUES \
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING"
        ),
        &[
            due.id.into(),
            due.asn.into(),
            due.order.0.as_slice().into(),
            due.sequence.into(),
            u32::from(key_version).into(),
            u32::from(algorithm).into(),
            due.holder.into(),
            due.merchant.into(),
            due.terminal.into(),
            due.amount.currency().into(),
            minor(due.amount),
            due.state.into(),
            due.attempt.into(),
            due.operation.into(),
            due.owed_since.into(),
            due.collected_at.into(),
            due.is_listed.into(),
        ],
    )?;
    Ok(inserted == 1)
}

/// Writes how far a part came, and what was sold for how much, where its state and number of attempts are those. Says whether
/// they were.
///
/// # Errors
/// What the database says.
pub fn change(
    sql: &mut dyn Sql,
    due: &CardDue,
    (from, attempt): (CardDueState, u32),
) -> Result<bool, RecordsError> {
    let (key_version, algorithm) = due.key;
    let changed = sql.execute(
        "UPDATE card_dues SET state = $1, attempt = $2, operation_id = $3, collected_at = $4, is_listed = $5, \
         order_id = $6, amount = $7, key_version = $8, algorithm = $9 \
         WHERE id = $10 AND state = $11 AND attempt = $12",
        &[
            due.state.into(),
            due.attempt.into(),
            due.operation.into(),
            due.collected_at.into(),
            due.is_listed.into(),
            due.order.0.as_slice().into(),
            minor(due.amount),
            u32::from(key_version).into(),
            u32::from(algorithm).into(),
            due.id.into(),
            from.into(),
            attempt.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// Terminals need no longer be told of what a card closed before it could open a part with this sequence.
///
/// # Errors
/// What the database says.
pub fn unlist_before(sql: &mut dyn Sql, asn: Asn, sequence: Sequence) -> Result<u64, RecordsError> {
    let query = "UPDATE card_dues SET is_listed = $1 WHERE asn = $2 AND sequence < $3 AND is_listed = 1";
    sql.execute(query, &[false.into(), asn.into(), sequence.into()])
}

/// The part with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: CardDueId) -> Result<Option<CardDue>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM card_dues WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// Those that these debits of these cards opened.
///
/// # Errors
/// What the database says.
pub fn at_all(sql: &mut dyn Sql, places: &[(Asn, Sequence)]) -> Result<Vec<CardDue>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_dues WHERE asn = $1 AND sequence = $2 ORDER BY id");
    let mut found = Vec::new();
    for (asn, sequence) in places {
        found.extend(each(&sql.query(&query, &[(*asn).into(), (*sequence).into()])?, read)?);
    }
    Ok(found)
}

/// Those that are owed, by id after one, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn owed(sql: &mut dyn Sql, after: CardDueId, limit: u32) -> Result<Vec<CardDue>, RecordsError> {
    let query =
        format!("SELECT {COLUMNS} FROM card_dues WHERE state = 'owed' AND id > $1 ORDER BY id LIMIT $2");
    each(&sql.query(&query, &[after.into(), limit.into()])?, read)
}

/// Those that terminals are told to close.
///
/// # Errors
/// What the database says.
pub fn listed(sql: &mut dyn Sql) -> Result<Vec<CardDue>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_dues WHERE is_listed = 1 ORDER BY asn, sequence");
    each(&sql.query(&query, &[])?, read)
}

/// Those of a holder that are owed or not proven, oldest first.
///
/// # Errors
/// What the database says.
pub fn open_of_holder(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<CardDue>, RecordsError> {
    let query = format!(
        "SELECT {COLUMNS} FROM card_dues WHERE holder_id = $1 AND state IN ('owed', 'unproven') ORDER BY owed_since, id"
    );
    each(&sql.query(&query, &[holder.into()])?, read)
}

/// The newest of a card, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn of_card(sql: &mut dyn Sql, asn: Asn, limit: u32) -> Result<Vec<CardDue>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM card_dues WHERE asn = $1 ORDER BY sequence DESC, id LIMIT $2");
    each(&sql.query(&query, &[asn.into(), limit.into()])?, read)
}

/// Every part that is owed or not proven, oldest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn open(sql: &mut dyn Sql, limit: u32) -> Result<Vec<CardDue>, RecordsError> {
    let query = format!(
        "SELECT {COLUMNS} FROM card_dues WHERE state IN ('owed', 'unproven') ORDER BY owed_since, id LIMIT $1"
    );
    each(&sql.query(&query, &[limit.into()])?, read)
}

/// What became of a holder's parts. On time is what was collected within `late_after` of its sale; failed what is owed since
/// before `failed_before`.
///
/// # Errors
/// What the database says.
pub fn counts(
    sql: &mut dyn Sql,
    holder: HolderId,
    late_after_nanoseconds: u64,
    failed_before: Timestamp,
) -> Result<DueCounts, RecordsError> {
    let rows = sql.query(
        "SELECT COALESCE(SUM(CASE WHEN collected_at - owed_since <= $2 THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN collected_at - owed_since > $2 THEN 1 ELSE 0 END), 0), \
         COALESCE(SUM(CASE WHEN state = 'owed' AND owed_since < $3 THEN 1 ELSE 0 END), 0), \
         MIN(CASE WHEN state = 'owed' THEN owed_since END) FROM card_dues WHERE holder_id = $1",
        &[holder.into(), unsigned(late_after_nanoseconds), failed_before.into()],
    )?;
    let counts = first(&rows, |row| {
        Ok(DueCounts {
            on_time: row.number(0)?,
            late: row.number(1)?,
            failed: row.number(2)?,
            oldest_owed: row.optional_timestamp(3)?,
        })
    })?;
    Ok(counts.unwrap_or_default())
}

fn read(row: &Row) -> Result<CardDue, RecordsError> {
    let currency = row.currency(9)?;
    Ok(CardDue {
        id: row.id(0)?,
        asn: Asn(row.array(1)?),
        order: OrderId(row.array(2)?),
        sequence: Sequence(row.number(3)?),
        key: (row.number(4)?, row.number(5)?),
        holder: row.id(6)?,
        merchant: row.id(7)?,
        terminal: TerminalId(row.array(8)?),
        amount: row.amount(10, currency)?,
        state: row.code(11)?,
        attempt: row.number(12)?,
        operation: row.optional_id(13)?,
        owed_since: row.timestamp(14)?,
        collected_at: row.optional_timestamp(15)?,
        is_listed: row.flag(16)?,
    })
}
