//! Issuing: cards are made in batches, each with the keys that follow from the newest master key that is open.
//!
//! What a card is made from, and the code in its letter, follow from that key and the card's number: nothing of it is kept.

use messages::card::{Asn, IssuerId};
use money::Currency;
use records::card_purses::{self as cards, CardPurse};
pub use records::issue_batches::IssueBatch;
use records::{RecordsError, issue_batches as rows};
use wallet::ids::{IssueBatchId, PrincipalId};

use super::keys::{self, IssuerKeys};
pub use super::personalisation::{
    BALANCE_MAX, PURSE_AID, SECURITY_MODULE_FILE, personalisation, security_module,
};
use super::{CardPurseState, ISSUER};
use crate::duties::{self, Permission};
use crate::key::operation_id;
use crate::{IdempotencyKey, OperationError, Operations, Party, audit_log, day, memo};

/// The most cards of one batch.
pub const CARDS_MAX: u32 = 500;
/// The longest that a card is good for.
const YEARS_MAX: u32 = 20;
/// The greatest number of a card: eight digits.
const NUMBER_MAX: u32 = 99_999_999;
/// How often a batch is numbered anew because another one took its number.
const TRIES: usize = 10;

/// A batch that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRequest {
    /// How many cards, at most [`CARDS_MAX`].
    pub count: u32,
    /// What they count.
    pub currency: Currency,
    /// What the operator calls it.
    pub label: String,
    /// For how many years they are good, 1 to 20.
    pub valid_years: u32,
}

/// One card of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCard {
    /// Its number.
    pub asn: Asn,
    /// Where it is in its life.
    pub state: CardPurseState,
    /// What is typed to bind it; printed in its letter. `None` where it has a holder, or its key is not open.
    pub activation_code: Option<String>,
}

/// Orders a batch of cards, or answers as before where the key was used before.
///
/// # Errors
/// [`super::CardPurseRefusal::NoKeyOpen`], which rule the request breaks, or what could not be reached.
pub async fn order_batch(
    operations: &Operations,
    by: PrincipalId,
    key: &IdempotencyKey,
    request: BatchRequest,
) -> Result<IssueBatch, OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    operations.policy().check_currency(request.currency)?;
    memo::check_name("label", &request.label, 80)?;
    check_range("count", request.count, CARDS_MAX)?;
    check_range("valid_years", request.valid_years, YEARS_MAX)?;
    let id = IssueBatchId::new(operation_id(by, "issue batch", key).bits());
    if let Some(known) = operations.records().read(move |sql| rows::get(sql, id)).await? {
        let is_same =
            (known.cards, known.currency, &known.label) == (request.count, request.currency, &request.label);
        return if is_same { Ok(known) } else { Err(OperationError::KeyReused) };
    }
    let key_version = keys::open(operations).await?.newest()?;
    let now = operations.now();
    let today = day::of(now);
    let (year, month, of_month) = day::civil(today);
    let last_year = year.saturating_add(i32::try_from(request.valid_years).unwrap_or(0));
    let valid_until = day::first_of((last_year, month)).saturating_add(u32::from(of_month.min(28)) - 1);
    let batch = IssueBatch {
        id,
        currency: request.currency,
        label: request.label,
        first_number: 0,
        cards: request.count,
        key_version,
        valid_from: today,
        valid_until,
        made_by: by,
        made_at: now,
    };
    let batch = insert(operations, batch).await?;
    let details = [
        ("cards", batch.cards.to_string()),
        ("first", number_text(asn(&batch, 0))),
        ("label", batch.label.clone()),
        ("key_version", batch.key_version.to_string()),
    ];
    audit_log::note(operations, by, "card_purses.ordered", &batch.id.to_string(), &details).await?;
    Ok(batch)
}

fn check_range(field: &'static str, number: u32, most: u32) -> Result<(), OperationError> {
    if (1..=most).contains(&number) { Ok(()) } else { Err(OperationError::OutOfRange { field }) }
}

/// Records a batch with its cards, under the next numbers.
async fn insert(operations: &Operations, batch: IssueBatch) -> Result<IssueBatch, OperationError> {
    for _ in 0..TRIES {
        let wanted = batch.clone();
        let written = operations.records().write(move |sql| {
            let first_number = rows::next_number(sql)?;
            let batch = IssueBatch { first_number, ..wanted.clone() };
            if first_number.saturating_add(batch.cards) > NUMBER_MAX {
                return Ok(None);
            }
            rows::insert(sql, &batch)?;
            for place in 0..batch.cards {
                cards::insert(sql, &new_card(&batch, place))?;
            }
            Ok(Some(batch))
        });
        match written.await {
            Err(RecordsError::Conflict(_)) => {}
            Ok(None) => return Err(OperationError::OutOfRange { field: "count" }),
            Ok(Some(batch)) => return Ok(batch),
            Err(error) => return Err(error.into()),
        }
    }
    Err(OperationError::KeyInProgress)
}

fn new_card(batch: &IssueBatch, place: u32) -> CardPurse {
    CardPurse {
        asn: asn(batch, place),
        issuer: IssuerId(ISSUER.0),
        batch: batch.id,
        currency: batch.currency,
        holder: None,
        code_attempts: 0,
        own: 0,
        excess: 0,
        excess_since: None,
        listed: None,
        is_closed: false,
        online_sequence: messages::card::Sequence(0),
        online: Vec::new(),
        moved: Vec::new(),
        postings: None,
        last_seen: None,
        revision: 0,
    }
}

/// The number of a card of a batch: 0000 3156, the year in which it was made, and eight digits of its own.
fn asn(batch: &IssueBatch, place: u32) -> Asn {
    let number = batch.first_number.saturating_add(place);
    let [century, year, ..] = super::card_time::written_day(batch.valid_from);
    let pair = |by: u32| {
        let two = number / by % 100;
        u8::try_from(two / 10 * 16 + two % 10).unwrap_or(0)
    };
    Asn([0x00, 0x00, 0x31, 0x56, century, year, pair(1_000_000), pair(10_000), pair(100), pair(1)])
}

/// Every batch, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn batches(operations: &Operations) -> Result<Vec<IssueBatch>, OperationError> {
    Ok(operations.records().read(rows::list).await?)
}

/// A batch with its cards, by number.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn batch(
    operations: &Operations,
    id: IssueBatchId,
) -> Result<(IssueBatch, Vec<IssuedCard>), OperationError> {
    let read = move |sql: &mut dyn records::Sql| Ok((rows::get(sql, id)?, cards::of_batch(sql, id)?));
    let (batch, cards) = operations.records().read(read).await?;
    let batch = batch.ok_or(OperationError::NotFound(Party::IssueBatch))?;
    let keys = match keys::open(operations).await {
        Err(OperationError::CardPurse(_)) => None,
        keys => Some(keys?),
    };
    let issued = |card: &CardPurse| {
        let code = keys.as_ref().filter(|_| card.holder.is_none());
        let code = code.and_then(|keys| activation_code(keys, batch.key_version, card.asn).ok());
        IssuedCard { asn: card.asn, state: card.state(), activation_code: code }
    };
    let cards = cards.iter().map(issued).collect();
    Ok((batch, cards))
}

/// The eight digits that bind a card: whoever has its letter can, and nobody who has the records.
pub(super) fn activation_code(keys: &IssuerKeys, version: u8, asn: Asn) -> Result<String, OperationError> {
    let drawn = keys.own(version, "sycee card purse activation code v1", &asn.0)?;
    Ok(format!("{:08}", u128::from_be_bytes(*drawn) % 100_000_000))
}

/// A card's number as people write it: 20 digits.
#[must_use]
pub fn number_text(asn: Asn) -> String {
    digits(&asn.0)
}

/// The number that somebody typed, spaces left out. `None`: it is not 20 digits.
#[must_use]
pub fn read_number(text: &str) -> Option<Asn> {
    let typed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, []) = typed.as_chunks::<2>() else { return None };
    let pair = |[tens, ones]: &[u8; 2]| {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
        Some(digit(*tens)? * 16 + digit(*ones)?)
    };
    let bytes = pairs.iter().map(pair).collect::<Option<Vec<u8>>>()?;
    bytes.try_into().ok().map(Asn)
}

/// Bytes as their digits.
#[must_use]
pub fn digits(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        write!(text, "{byte:02X}").expect("writing to a string succeeds");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_is_written() {
        let asn = Asn([0, 0, 0x31, 0x56, 0x20, 0x26, 0, 0, 0x12, 0x34]);
        assert_eq!(number_text(asn), "00003156202600001234");
        assert_eq!(read_number("0000 3156 2026 0000 1234"), Some(asn));
        for wrong in ["", "0000315620260000123", "0000315620260000123A", "000031562026000012345"] {
            assert_eq!(read_number(wrong), None, "{wrong}");
        }
    }
}
