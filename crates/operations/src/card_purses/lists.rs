//! Lists for terminals: every version is signed once, and a terminal never goes back.
//!
//! The next version of the status list is issued as soon as a card's place on it changes, and once a day: terminals refuse to
//! sell with one that is too old.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::card::{
    CardStatus, Completion, GRADES, KeyVersion, ListVersion, ParametersList, Seconds, StatusEntry,
    StatusList, TerminalParameters, Units,
    signed_list::{Entry, ListHours, SignedList},
};
use money::Currency;
pub use records::card_lists::{CardList, SignedVersion};
use records::card_purses::{self as cards, CardListing, CardPurse};
use records::{card_lists as rows, issue_batches};
use wallet::ids::PrincipalId;

use super::{card_time, dues, keys};
use crate::duties::{self, Permission};
use crate::{OperationError, Operations, audit_log};

/// How long a list may be used.
const VALID_SECONDS: u64 = 30 * 86_400;
/// After this, the next version is issued though nothing has changed.
const FRESH: u64 = 12 * 3_600 * NANOSECONDS_PER_SECOND;
/// How often a list is numbered anew because somebody else issued one meanwhile.
const TRIES: usize = 20;

const NOT_A_LIST: OperationError = OperationError::Inconsistent("records hold a list that cannot be read");

/// The newest status list, where it is newer than a version.
///
/// # Errors
/// What could not be reached.
pub async fn status(
    operations: &Operations,
    newer_than: ListVersion,
) -> Result<Option<SignedVersion>, OperationError> {
    let book = status_entries(operations).await?;
    newer(operations, CardList::Status, book, newer_than).await
}

/// The newest white list, where it is newer than a version.
///
/// # Errors
/// What could not be reached.
pub async fn white(
    operations: &Operations,
    newer_than: ListVersion,
) -> Result<Option<SignedVersion>, OperationError> {
    let Some(book) = dues::completions(operations).await? else {
        let newest = operations.records().read(|sql| rows::newest(sql, CardList::White)).await?;
        return Ok(newest.filter(|newest| newest.version > newer_than));
    };
    newer(operations, CardList::White, book, newer_than).await
}

/// The newest terminal parameters, where they are newer than a version.
///
/// # Errors
/// What could not be reached.
pub async fn parameters(
    operations: &Operations,
    newer_than: ListVersion,
) -> Result<Option<SignedVersion>, OperationError> {
    let book = vec![current_parameters(operations).await?];
    newer(operations, CardList::Parameters, book, newer_than).await
}

/// The newest version of a list, issued now where it is missing, too old, or has other entries than it should.
async fn newest<E: Entry + PartialEq>(
    operations: &Operations,
    list: CardList,
    book: Vec<E>,
) -> Result<SignedVersion, OperationError> {
    if let Some(newest) = operations.records().read(move |sql| rows::newest(sql, list)).await? {
        let signed = SignedList::<E>::parse(&newest.content).ok_or(NOT_A_LIST)?;
        let is_fresh = operations.now().0 < newest.issued_at.0.saturating_add(FRESH);
        if is_fresh && signed.entries() == book.as_slice() {
            return Ok(newest);
        }
    }
    issue(operations, list, book).await
}

async fn newer<E: Entry + PartialEq>(
    operations: &Operations,
    list: CardList,
    book: Vec<E>,
    newer_than: ListVersion,
) -> Result<Option<SignedVersion>, OperationError> {
    let newest = newest(operations, list, book).await?;
    Ok((newest.version > newer_than).then_some(newest))
}

/// Signs the next version. Of several who do at once, each gets a version of its own.
async fn issue<E: Entry>(
    operations: &Operations,
    list: CardList,
    book: Vec<E>,
) -> Result<SignedVersion, OperationError> {
    let key = keys::signing_key(operations).await?;
    for _ in 0..TRIES {
        let newest = operations.records().read(move |sql| rows::newest(sql, list)).await?;
        let version = newest.map_or(Some(1), |newest| newest.version.0.checked_add(1));
        let version = ListVersion(version.ok_or(NOT_A_LIST)?);
        let now = operations.now();
        let issued = card_time::seconds(now);
        let hours = ListHours { issued, expires: Seconds(issued.0.saturating_add(VALID_SECONDS)) };
        let signed = SignedList::signed(version, hours, book.clone(), (keys::issuer_name(), key))
            .map_err(|_| OperationError::Inconsistent("there are more entries than a list can have"))?;
        let signed = SignedVersion { list, version, content: signed.to_bytes(), issued_at: now };
        let row = signed.clone();
        if operations.records().write(move |sql| rows::insert(sql, &row)).await? {
            return Ok(signed);
        }
    }
    Err(OperationError::KeyInProgress)
}

/// The cards that terminals shall not take, as they stand now.
async fn status_entries(operations: &Operations) -> Result<Vec<StatusEntry>, OperationError> {
    let listed = operations.records().read(cards::listed).await?;
    let entry = |card: &CardPurse| {
        let status = match (card.is_closed, card.listed?) {
            (true, _) => CardStatus::Closed,
            (_, (CardListing::Lost, _)) => CardStatus::Lost,
            (_, (CardListing::Cloned, _)) => CardStatus::Cloned,
            (_, (CardListing::Counterfeit, _)) => CardStatus::Counterfeit,
        };
        Some(StatusEntry { asn: card.asn, status })
    };
    Ok(listed.iter().filter_map(entry).collect())
}

/// Signs the next version of the status list, where cards are on it otherwise than in the newest.
pub(super) async fn issue_status(operations: &Operations) -> Result<(), OperationError> {
    let book = status_entries(operations).await?;
    newest(operations, CardList::Status, book).await.map(drop)
}

/// Signs the next version of the white list, where it has other entries than the newest.
pub(super) async fn issue_white(operations: &Operations) -> Result<(), OperationError> {
    let Some(book) = dues::completions(operations).await? else { return Ok(()) };
    newest::<Completion>(operations, CardList::White, book).await.map(drop)
}

/// As [`issue_status`], where a status list was ever issued: a crash may have come between a card and its list.
pub(super) async fn issue_if_changed(operations: &Operations) -> Result<(), OperationError> {
    let newest = operations.records().read(|sql| rows::newest(sql, CardList::Status)).await?;
    if newest.is_some() { issue_status(operations).await } else { Ok(()) }
}

/// What terminals may do on their own, as it was set last.
///
/// # Errors
/// What could not be reached.
pub async fn current_parameters(operations: &Operations) -> Result<TerminalParameters, OperationError> {
    let read = |sql: &mut dyn records::Sql| {
        let newest = rows::newest(sql, CardList::Parameters)?;
        Ok((newest, issue_batches::list(sql)?.first().map(|batch| batch.currency)))
    };
    let (newest, currency) = operations.records().read(read).await?;
    let Some(newest) = newest else { return Ok(first_parameters(currency.unwrap_or(Currency::CNY))) };
    let list = ParametersList::parse(&newest.content).ok_or(NOT_A_LIST)?;
    list.parameters().copied().ok_or(NOT_A_LIST)
}

/// What terminals may do until somebody says otherwise: sell up to 200 units with a status list of three days, and leave owed
/// what a grade allows.
fn first_parameters(currency: Currency) -> TerminalParameters {
    let units = |whole: u64| Units(u32::try_from(whole * currency.minor_per_unit()).unwrap_or(u32::MAX));
    TerminalParameters {
        currency: currency.numeric(),
        key_version_min: KeyVersion(1),
        floor_limit: units(200),
        sale_limit: units(500),
        status_list_age_max: Seconds(3 * 86_400),
        due_max: FIRST_DUE_MAX.map(units),
    }
}

/// Whole units that may be owed of one sale, by grade. There are no grades above 5.
const FIRST_DUE_MAX: [u64; GRADES] = [0, 20, 50, 100, 200, 300, 300, 300];

/// Signs the next version of the status list now.
///
/// # Errors
/// [`OperationError::NotPermitted`], or what could not be reached.
pub async fn issue_now(operations: &Operations, by: PrincipalId) -> Result<ListVersion, OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    let book = status_entries(operations).await?;
    let version = issue(operations, CardList::Status, book).await?.version;
    note(operations, by, CardList::Status, version).await?;
    Ok(version)
}

async fn note(
    operations: &Operations,
    by: PrincipalId,
    list: CardList,
    version: ListVersion,
) -> Result<(), OperationError> {
    let details = [("version", version.0.to_string())];
    audit_log::note(operations, by, "card_list.issued", list.code(), &details).await
}

/// Says what terminals may do on their own from now on.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::OutOfRange`], or what could not be reached.
pub async fn set_parameters(
    operations: &Operations,
    by: PrincipalId,
    parameters: TerminalParameters,
) -> Result<ListVersion, OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    let currency = Currency::from_numeric(parameters.currency)
        .map_err(|_| OperationError::OutOfRange { field: "currency" })?;
    operations.policy().check_currency(currency)?;
    if parameters.sale_limit < parameters.floor_limit {
        return Err(OperationError::OutOfRange { field: "floor_limit" });
    }
    if parameters.status_list_age_max.0 == 0 || parameters.status_list_age_max.0 > VALID_SECONDS {
        return Err(OperationError::OutOfRange { field: "status_list_age_max" });
    }
    let [no_credit, ..] = parameters.due_max;
    if no_credit != Units::default() || !parameters.due_max.is_sorted() {
        return Err(OperationError::OutOfRange { field: "due_max" });
    }
    let version = issue(operations, CardList::Parameters, vec![parameters]).await?.version;
    note(operations, by, CardList::Parameters, version).await?;
    Ok(version)
}

/// The status list that a version holds, for pages.
#[must_use]
pub fn listed(signed: &SignedVersion) -> Option<StatusList> {
    StatusList::parse(&signed.content)
}

/// Until when a version may be used.
#[must_use]
pub fn expires(signed: &SignedVersion) -> Timestamp {
    Timestamp(signed.issued_at.0.saturating_add(VALID_SECONDS.saturating_mul(NANOSECONDS_PER_SECOND)))
}
