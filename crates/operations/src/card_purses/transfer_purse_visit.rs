//! A card that pays other cards visits us, over whatever network it finds (`docs/spec/purse-to-purse.md`, The issuer): it shows a
//! fresh report and its log of exceptions, and gets the messages that it has not taken yet.
//!
//! Everything here is a transfer whose id follows from what happened, so a visit may be repeated, and repeated at the same
//! time: an exception is noted once, a loss given back once, and a message has one number for ever.

pub use issuer::transfer_purse::IssuerMessage;
use issuer::transfer_purse::{self as host, REPORT_BYTES, Report, Terms};
use ledger::{
    AccountFilter, AccountFilterFlags, BATCH_MAX, CreateTransferStatus as Status, NANOSECONDS_PER_SECOND,
    Timestamp, Transfer, TransferId,
};
use messages::card::Asn;
use money::{Amount, Currency};
use pki::{
    Anchor, Certificate, CertificateBody, CertificateChain, Day, KeyPair, Kind, PublicKey, Revoked,
    Signature, SubjectId, Trust,
};
use purse::vtp::{AuthorityKind, AuthoritySequence, Entry, Side};
use records::card_purses::{self, CardPurse};
use records::operations::{NewOperation, OperationKind, OperationState};
use wallet::chart;
use wallet::ids::{HolderId, IssueBatchId, OperationId};
use wallet::purse_chart::{self, PurseName};

use super::CardPurseRefusal;
use super::transfer_purse::{SCHEME, pocket_limits, purse_name, serial_of};
use super::{keys, made};
use crate::rebuild::amount_of;
use crate::{OperationError, Operations, directory};

/// The most exceptions that a card can have.
pub const EXCEPTIONS_MAX: usize = purse::vtp::EXCEPTIONS_MAX;
/// How old a report may be, in seconds.
pub const REPORT_AGE_MAX: u64 = 600;

/// A card that visits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its issuer's certificate and its own.
    pub certificates: [Vec<u8>; 2],
    /// Seconds since 1970 in UTC 8 ‖ anything 8.
    pub challenge: [u8; 16],
    /// What it says of itself.
    pub report: [u8; REPORT_BYTES],
    /// Over its name, the challenge and the report.
    pub signature: Signature,
    /// Its log of exceptions, each entry with the card's signature. A log that is not shown whole is noted, and not cleared.
    pub exceptions: Vec<([u8; Entry::BYTES], Signature)>,
}

/// A visit that is believed.
pub(super) struct Visitor {
    pub(super) chain: CertificateChain,
    pub(super) batch: IssueBatchId,
    purse: SubjectId,
    name: PurseName,
    currency: Currency,
    holder: Option<HolderId>,
    report: Report,
    exceptions: Vec<Entry>,
}

/// Notes what the card shows, and answers the messages that it has not taken yet, oldest first. The same visit gets the same
/// messages.
///
/// # Errors
/// [`CardPurseRefusal::NoKey`] where its certificates are not believed, [`CardPurseRefusal::MacWrong`] where its report or an
/// exception is not its own, or the report too old, or what could not be reached.
pub async fn receive(operations: &Operations, visit: &Visit) -> Result<Vec<IssuerMessage>, OperationError> {
    let visitor = believed(operations, visit).await?;
    let accounts = vec![
        purse_chart::transfer_purse(&visitor.name, visitor.currency),
        purse_chart::transfer_float(visitor.currency),
    ];
    operations.ledger().open_accounts(accounts).await?;
    note(operations, &visitor).await?;
    end_unloads(operations, &visitor).await?;
    for exception in &visitor.exceptions {
        give_back(operations, &visitor, exception).await?;
    }
    let credits = with_new_messages(operations, &visitor).await?;
    let fetched = credits.iter().filter(|credit| is_load(credit)).map(host::fetched);
    make(operations, fetched.collect()).await?;
    let issuer = keys::purse_issuer_key(operations).await?;
    let terms = Terms { limits: pocket_limits(), exceptions: visitor.shown_whole() };
    Ok(host::messages(issuer, visitor.purse, &credits, (visitor.report.issuer_number, terms)))
}

/// Lets the card give back an amount, to the wallet of its holder: answers the message for that, with whatever else it has not
/// taken. The wallet has it once the card visits again and shows that it has taken the message. The same visit and amount get
/// the same messages.
///
/// # Errors
/// As [`receive`]; [`CardPurseRefusal::CollectFirst`] where the card has other messages to take before,
/// [`CardPurseRefusal::CardHoldsLess`], [`CardPurseRefusal::Amount`], or [`OperationError::CurrencyNotSupported`].
pub async fn unload(
    operations: &Operations,
    visit: &Visit,
    amount: Amount,
) -> Result<Vec<IssuerMessage>, OperationError> {
    let visitor = believed(operations, visit).await?;
    let Visitor { name, currency, report, .. } = &visitor;
    if amount.currency() != *currency {
        return Err(OperationError::CurrencyNotSupported);
    }
    if amount.is_zero() {
        return Err(CardPurseRefusal::Amount.into());
    }
    let holder = visitor.holder.ok_or(CardPurseRefusal::CardNotServed)?;
    directory::spender(operations, holder, *currency).await?;
    if !report.is_idle || u64::from(report.balance.units()) < amount.minor() {
        return Err(CardPurseRefusal::CardHoldsLess.into());
    }
    let taken = usize::try_from(report.issuer_number.0).unwrap_or(usize::MAX);
    let posting = host::unload(name, report.issuer_number, amount);
    match credits(operations, name, *currency).await?.get(taken..) {
        Some([]) => {}
        Some([waiting, ..]) if waiting.id == posting.id && waiting.amount == posting.amount => {
            return receive(operations, visit).await;
        }
        _ => return Err(CardPurseRefusal::CollectFirst.into()),
    }
    let accounts = vec![purse_chart::transfer_purse(name, *currency), purse_chart::transfer_float(*currency)];
    operations.ledger().open_accounts(accounts).await?;
    match operations.ledger().create_transfer(posting).await? {
        Status::Created | Status::Exists => receive(operations, visit).await,
        // More than cards can hold: it is not value that we gave out.
        Status::ExceedsCredits | Status::IdAlreadyFailed => Err(CardPurseRefusal::Excess.into()),
        _ => Err(CardPurseRefusal::CollectFirst.into()),
    }
}

/// What the card has given back goes to the wallet of its holder, and into its history. Where the wallet is closed, it goes to
/// suspense.
async fn end_unloads(operations: &Operations, visitor: &Visitor) -> Result<(), OperationError> {
    let Some(holder) = visitor.holder else { return Ok(()) };
    let taken = usize::try_from(visitor.report.issuer_number.0).unwrap_or(usize::MAX);
    let credits = credits(operations, &visitor.name, visitor.currency).await?;
    for unload in credits.iter().take(taken).filter(|credit| is_unload(credit)) {
        let id = OperationId::new(host::unloaded_id(unload.id).0);
        if operations.records().read(move |sql| records::operations::is_known(sql, id)).await? {
            continue;
        }
        if ended(operations, &[unload]).await?.is_empty() {
            let wallet = chart::wallet_id(holder, visitor.currency);
            made::make(operations, host::unloaded(unload, wallet).to_vec()).await?;
        }
        let paid = operations.ledger().lookup_transfers(vec![host::unloaded_id(unload.id)]).await?;
        let Some(paid) = paid.first() else { continue };
        let new = unloaded_operation(paid, holder.bits())?;
        let written = operations.records().write(move |sql| {
            records::operations::insert_in_state(sql, &new, OperationState::Completed, None)
        });
        written.await?;
        operations.forget_holder(holder);
    }
    Ok(())
}

/// The transfers in which unloads ended: to a wallet, or to suspense.
async fn ended(operations: &Operations, unloads: &[&Transfer]) -> Result<Vec<Transfer>, OperationError> {
    let ids = unloads.iter().flat_map(|unload| ends_of(unload)).collect();
    operations.ledger().lookup_transfers(ids).await
}

/// Under which ids an unload ends: in a wallet, or in suspense.
fn ends_of(unload: &Transfer) -> [TransferId; 2] {
    let paid = host::unloaded_id(unload.id);
    [paid, made::suspense_id(paid)]
}

/// The unload that a transfer to a wallet stands for.
///
/// # Errors
/// [`OperationError::Inconsistent`] where no operation can have made it.
pub(crate) fn unloaded_operation(paid: &Transfer, holder: u128) -> Result<NewOperation, OperationError> {
    Ok(NewOperation {
        id: OperationId::new(paid.id.0),
        kind: OperationKind::TransferPurseUnload,
        payer: None,
        payee: Some(HolderId::new(holder).into()),
        merchant: None,
        card: None,
        parent: None,
        amount: amount_of(paid)?,
        memo: String::new(),
        fingerprint: paid.user_data_128,
        created_at: paid.timestamp,
    })
}

const fn is_unload(credit: &Transfer) -> bool {
    matches!(host::kind_of(credit), Some(AuthorityKind::Unload))
}

const fn is_load(credit: &Transfer) -> bool {
    matches!(host::kind_of(credit), Some(AuthorityKind::Load))
}

/// An amount that a card was told to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unload {
    /// The number of its message.
    pub number: u32,
    /// How much.
    pub amount: Amount,
    /// Whether the card has shown that it gave it: it is in the wallet.
    pub is_ended: bool,
}

/// What a card was ever told to give back, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn unloads(
    operations: &Operations,
    asn: Asn,
    currency: Currency,
) -> Result<Vec<Unload>, OperationError> {
    let credits = credits(operations, &purse_name(asn), currency).await?;
    let unloads: Vec<(u32, &Transfer)> =
        (0..).zip(&credits).filter(|(_, credit)| is_unload(credit)).collect();
    let told: Vec<&Transfer> = unloads.iter().map(|(_, unload)| *unload).collect();
    let ended = ended(operations, &told).await?;
    let is_ended = |unload: &Transfer| {
        let ends = ends_of(unload);
        ended.iter().any(|ended| ends.contains(&ended.id))
    };
    let read = |(number, unload): (u32, &Transfer)| {
        Ok(Unload { number, amount: amount_of(unload)?, is_ended: is_ended(unload) })
    };
    unloads.into_iter().map(read).collect()
}

/// What a card was told to give back, and has not shown to have given: nothing of it may be lost when its holder goes.
///
/// # Errors
/// What could not be reached.
pub async fn unloads_waiting(
    operations: &Operations,
    asn: Asn,
    currency: Currency,
) -> Result<Vec<Amount>, OperationError> {
    let waiting = unloads(operations, asn, currency).await?.into_iter().filter(|unload| !unload.is_ended);
    Ok(waiting.map(|unload| unload.amount).collect())
}

impl Visitor {
    /// The log of exceptions, where the card has shown all of it.
    fn shown_whole(&self) -> &[Entry] {
        let is_whole = usize::from(self.report.exceptions) == self.exceptions.len();
        if is_whole { &self.exceptions } else { &[] }
    }
}

pub(super) async fn believed(operations: &Operations, visit: &Visit) -> Result<Visitor, OperationError> {
    let now = operations.now();
    let scheme = keys::scheme_key(operations).await?;
    let chain = chain_of(&visit.certificates, scheme, now).ok_or(CardPurseRefusal::NoKey)?;
    let CertificateBody { subject: purse, key, .. } = *chain.subject.body();
    let report = host::read_report((purse, &key), &visit.challenge, &visit.report, &visit.signature);
    let report = report.filter(|_| is_fresh(now, &visit.challenge)).ok_or(CardPurseRefusal::MacWrong)?;
    let exceptions = exceptions_of((purse, &key), visit).ok_or(CardPurseRefusal::MacWrong)?;
    let asn = serial_of(purse);
    let card = operations.records().read(move |sql| card_purses::get(sql, asn)).await?;
    let card = card.filter(|card| card.listed.is_none() && !card.is_closed);
    let CardPurse { currency, holder, batch, .. } = card.ok_or(CardPurseRefusal::CardNotServed)?;
    Ok(Visitor { chain, batch, purse, name: purse_name(asn), currency, holder, report, exceptions })
}

/// The chain of a purse that our scheme admits today, or admitted before its last day: a card that comes late gets new
/// certificates.
fn chain_of(certificates: &[Vec<u8>; 2], scheme: &KeyPair, now: Timestamp) -> Option<CertificateChain> {
    let [issuer, subject] = certificates.each_ref().map(|bytes| Certificate::parse(bytes).ok());
    let chain = CertificateChain { issuer: issuer?, subject: subject? };
    let anchors = [Anchor::new(SCHEME, scheme.public())];
    let [until_issuer, until_subject] = [chain.issuer, chain.subject].map(|one| one.body().valid_until);
    let today = day(now).min(until_issuer).min(until_subject);
    let trust = Trust { anchors: &anchors, today, revoked: Revoked::default() };
    trust.check(&chain, Kind::Purse).is_ok().then_some(chain)
}

/// The day by UTC, as cards count days.
pub(super) fn day(now: Timestamp) -> Day {
    Day(u32::try_from(now.0 / NANOSECONDS_PER_SECOND / 86_400).unwrap_or(u32::MAX))
}

fn is_fresh(now: Timestamp, challenge: &[u8; 16]) -> bool {
    let [a, b, c, d, e, f, g, h, ..] = *challenge;
    let told = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    told.abs_diff(now.0 / NANOSECONDS_PER_SECOND) <= REPORT_AGE_MAX
}

fn exceptions_of((purse, key): (SubjectId, &PublicKey), visit: &Visit) -> Option<Vec<Entry>> {
    let read = |(entry, signature): &([u8; Entry::BYTES], Signature)| {
        host::read_exception((purse, key), entry, signature)
    };
    visit.exceptions.iter().map(read).collect()
}

async fn note(operations: &Operations, visitor: &Visitor) -> Result<(), OperationError> {
    let noted = |entry| host::exception_noted(&visitor.name, visitor.currency, entry);
    make(operations, visitor.exceptions.iter().map(noted).collect()).await
}

/// Gives the value of a transfer back to its payer, where the other side has shown its exception too.
async fn give_back(operations: &Operations, visitor: &Visitor, entry: &Entry) -> Result<(), OperationError> {
    let other = host::other_side(entry);
    let noted = operations.ledger().lookup_transfers(vec![host::exception_id(&other)]).await?;
    let payer = purse_name(serial_of(entry.details.from));
    let is_ours = host::subject(&payer) == entry.details.from;
    let is_in_currency = entry.details.currency == host::pocket_currency(visitor.currency);
    if noted.is_empty() || !is_ours || !is_in_currency {
        return Ok(());
    }
    let sides = if entry.side == Side::From { [entry, &other] } else { [&other, entry] };
    let account = purse_chart::transfer_purse(&payer, visitor.currency);
    operations.ledger().open_accounts(vec![account]).await?;
    let back = host::given_back(&payer, visitor.currency, sides);
    make(operations, back.into_iter().collect()).await
}

/// The credits of the card's account, after those are there that its state asks for.
async fn with_new_messages(
    operations: &Operations,
    visitor: &Visitor,
) -> Result<Vec<Transfer>, OperationError> {
    let Visitor { name, currency, report, .. } = visitor;
    let credits = credits(operations, name, *currency).await?;
    let next = u32::try_from(credits.len()).unwrap_or(u32::MAX);
    let taken = usize::try_from(report.issuer_number.0).unwrap_or(usize::MAX);
    let waits_for = |kind| credits.iter().skip(taken).any(|credit| host::kind_of(credit) == Some(kind));
    let mut new = Vec::new();
    if !visitor.shown_whole().is_empty() && !waits_for(AuthorityKind::ClearExceptions) {
        new.push(host::cleared(name, *currency, AuthoritySequence(next)));
    }
    let has_moved = report.sent.units() > 0 || report.received.units() > 0;
    if report.is_idle && has_moved && !waits_for(AuthorityKind::Synchronise) {
        new.push(host::synchronised(name, *currency, day(operations.now()), report));
    }
    if new.is_empty() {
        return Ok(credits);
    }
    make(operations, new).await?;
    self::credits(operations, name, *currency).await
}

async fn make(operations: &Operations, transfers: Vec<Transfer>) -> Result<(), OperationError> {
    for page in transfers.chunks(BATCH_MAX) {
        let statuses = operations.ledger().create_transfers(page.to_vec()).await?;
        // What a purse had sent and received may be told anew on the same day.
        let is_there = |status: &Status| {
            matches!(status, Status::Created | Status::Exists | Status::ExistsWithDifferentUserData64)
        };
        if !statuses.iter().all(is_there) {
            return Err(OperationError::Inconsistent("ledger refused what a card showed"));
        }
    }
    Ok(())
}

/// Every credit of a card's account, in the order of the ledger.
async fn credits(
    operations: &Operations,
    name: &PurseName,
    currency: Currency,
) -> Result<Vec<Transfer>, OperationError> {
    let credits = transfers(operations, (name, currency), AccountFilterFlags::CREDITS).await?;
    Ok(credits.into_iter().filter(|credit| !credit.resolves_pending()).collect())
}

async fn transfers(
    operations: &Operations,
    (name, currency): (&PurseName, Currency),
    flags: AccountFilterFlags,
) -> Result<Vec<Transfer>, OperationError> {
    let account_id = purse_chart::transfer_purse_id(name, currency);
    let mut found: Vec<Transfer> = Vec::new();
    loop {
        let filter = AccountFilter {
            account_id,
            timestamp_min: found.last().map_or(Timestamp::ZERO, |last| Timestamp(last.timestamp.0 + 1)),
            limit: u32::try_from(BATCH_MAX).unwrap_or(u32::MAX),
            flags,
            ..AccountFilter::default()
        };
        let page = operations.ledger().account_transfers(filter).await?;
        let is_last = page.len() < BATCH_MAX;
        found.extend(page);
        if is_last {
            return Ok(found);
        }
    }
}

/// What came to a card's purse from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought {
    /// The number of its message.
    pub number: u32,
    /// When it was decided.
    pub at: Timestamp,
    /// How much.
    pub amount: Amount,
    /// Whether it was lost between two cards and came back, rather than from the wallet.
    pub is_given_back: bool,
}

/// What a card's purse was ever loaded with, or got back, newest first. Whether the card has taken it, only the card knows.
///
/// # Errors
/// What could not be reached.
pub async fn brought(
    operations: &Operations,
    asn: Asn,
    currency: Currency,
) -> Result<Vec<Brought>, OperationError> {
    let credits = credits(operations, &purse_name(asn), currency).await?;
    let mut brought = Vec::new();
    for (number, credit) in (0_u32..).zip(&credits).filter(|(_, credit)| is_load(credit)) {
        let is_given_back = credit.code == chart::TRANSFER_PURSE_GIVEN_BACK;
        brought.push(Brought { number, at: credit.timestamp, amount: amount_of(credit)?, is_given_back });
    }
    brought.reverse();
    Ok(brought)
}

/// An exception that a payer showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidException {
    /// Its name in the ledger: [`issuer::transfer_purse::exception_id`] of its entry.
    pub id: TransferId,
    /// When it was noted.
    pub at: Timestamp,
    /// How much left the payer.
    pub amount: Amount,
    /// Whether it was given back.
    pub is_given_back: bool,
}

/// The exceptions that a card showed as payer, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn paid_exceptions(
    operations: &Operations,
    asn: Asn,
    currency: Currency,
) -> Result<Vec<PaidException>, OperationError> {
    let debits = transfers(operations, (&purse_name(asn), currency), AccountFilterFlags::DEBITS).await?;
    let is_paid =
        |debit: &&Transfer| debit.code == chart::TRANSFER_PURSE_EXCEPTION && debit.user_data_32 == 0;
    let noted: Vec<&Transfer> = debits.iter().filter(is_paid).collect();
    let ids: Vec<TransferId> = noted.iter().map(|debit| host::given_back_id(debit.id)).collect();
    let given_back = operations.ledger().lookup_transfers(ids).await?;
    noted
        .into_iter()
        .map(|debit| {
            let amount = Amount::from_minor(debit.user_data_64, currency);
            let back = host::given_back_id(debit.id);
            Ok(PaidException {
                id: debit.id,
                at: debit.timestamp,
                amount: amount.map_err(|_| OperationError::Inconsistent("an exception of no amount"))?,
                is_given_back: given_back.iter().any(|transfer| transfer.id == back),
            })
        })
        .collect()
}
