//! The part of a card that pays other cards, without us (`docs/spec/purse-to-purse.md`): who it is, how it is loaded.
//!
//! A load is one transfer, and its message follows from the ledger ([`issuer::transfer_purse`]): the records keep nothing of it
//! but its place in history, and a server that has lost them signs the same messages again.

use issuer::transfer_purse::{self as host, IssuerMessage, REPORT_BYTES, SERIES};
use ledger::{AccountFilter, AccountFilterFlags, BATCH_MAX, NANOSECONDS_PER_SECOND, Timestamp, Transfer};
use messages::card::Asn;
use money::{Amount, Currency};
use pki::{
    Anchor, Certificate, CertificateBody, CertificateChain, Day, Generation, IssueError, KeyPair, Kind,
    Revoked, Serial, Signature, SubjectId, Trust,
};
use records::card_purses::{self, CardPurse};
use records::issue_batches::IssueBatch;
use records::operations::{NewOperation, OperationKind};
use serde_json::{Value, json};
use wallet::chart;
use wallet::ids::{HolderId, OperationId};
use wallet::purse_chart::{self, PurseName};

use super::issuing::digits;
use super::keys::{self, IssuerKeys, issuer_name};
use super::loads::{self, OrderLoad};
use super::personalisation::BALANCE_MAX;
use super::{CardPurseRefusal, ISSUER};
use crate::key::operation_id;
use crate::rebuild::amount_of;
use crate::spending::Spending;
use crate::{IdempotencyKey, OperationError, Operations, Receipt, directory, intent, limits, step_up, tied};

/// The name of the scheme, which purses know beforehand.
const SCHEME: SubjectId = SubjectId(*b"SYCEE PURSES 001");
/// How old a report may be, in seconds.
pub const REPORT_AGE_MAX: u64 = 600;
/// The most of one transfer, in minor units.
const TRANSFER_MAX: u32 = 50_000;

/// The name of a card's purse in the ledger.
fn purse_name(asn: Asn) -> PurseName {
    let mut name = [0; 18];
    name.iter_mut().zip(ISSUER.0.into_iter().chain(asn.0)).for_each(|(place, byte)| *place = byte);
    PurseName(name)
}

/// What a card is personalised with to pay others: two generations of keys, and one pocket in its currency.
pub(super) async fn personalisation(
    operations: &Operations,
    keys: &IssuerKeys,
    batch: &IssueBatch,
    asn: Asn,
    pin: &str,
) -> Result<Value, OperationError> {
    const UNSIGNED: OperationError = OperationError::Inconsistent("certificates of a purse cannot be signed");
    let scheme = keys::scheme_key(operations).await?;
    let issuer = keys::purse_issuer_key(operations).await?;
    let purse = host::subject(&purse_name(asn));
    // Days of cards are days of UTC, which begin later than those on the operator's wall.
    let first = batch.valid_from.saturating_sub(1);
    let mut credentials = Vec::new();
    for (generation, context) in
        [(1, "sycee transfer purse seed 1 v1"), (2, "sycee transfer purse seed 2 v1")]
    {
        let seed = keys.seed(batch.key_version, context, &asn.0)?;
        let own = KeyPair::from_seed(&seed);
        let terms = Terms { days: (Day(first), Day(batch.valid_until)), generation: Generation(generation) };
        let chain = terms.chain((scheme, issuer), (purse, &own)).map_err(|_| UNSIGNED)?;
        credentials.push(json!({
            "seed": digits(&*seed),
            "issuer_certificate": digits(&chain.issuer.to_bytes()),
            "certificate": digits(&chain.subject.to_bytes()),
        }));
    }
    Ok(json!({
        "scheme": digits(&SCHEME.0),
        "scheme_key": digits(&scheme.public().to_bytes()),
        "credentials": credentials,
        "pockets": [{
            "currency": digits(&host::pocket_currency(batch.currency).0),
            "series": digits(&SERIES.0),
            "balance_max": BALANCE_MAX,
            "transfer_max": TRANSFER_MAX,
        }],
        "pin": pin,
        "pin_tries": 3,
        "day": first,
    }))
}

/// What certificates of one generation have in common.
struct Terms {
    days: (Day, Day),
    generation: Generation,
}

impl Terms {
    fn chain(
        &self,
        (scheme, issuer): (&KeyPair, &KeyPair),
        (purse, own): (SubjectId, &KeyPair),
    ) -> Result<CertificateChain, IssueError> {
        let root = scheme.issue_scheme(self.body(Kind::Scheme, (SCHEME, SCHEME), scheme))?;
        let by = scheme.issue(&root, self.body(Kind::Issuer, (SCHEME, issuer_name()), issuer))?;
        let subject = issuer.issue(&by, self.body(Kind::Purse, (issuer_name(), purse), own))?;
        Ok(CertificateChain { issuer: by, subject })
    }

    fn body(&self, kind: Kind, (by, subject): (SubjectId, SubjectId), key: &KeyPair) -> CertificateBody {
        CertificateBody {
            kind,
            serial: Serial(self.generation.0.into()),
            issuer: by,
            subject,
            generation: self.generation,
            valid_from: self.days.0,
            valid_until: self.days.1,
            key: key.public(),
        }
    }
}

/// Loads a card's purse to pay other cards with: the wallet pays now, and the card fetches its message when it next has a
/// network. It cannot be taken back. Answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn load(
    operations: &Operations,
    key: &IdempotencyKey,
    request: OrderLoad,
) -> Result<Receipt, OperationError> {
    let OrderLoad { holder, card: asn, amount, .. } = request;
    let id = operation_id(holder.into(), "transfer purse load", key);
    let new = load_operation(id, holder, (asn, amount), operations.now());
    if let Err(rule) = check(operations, id, &request).await {
        return intent::refuse(operations, id, new.fingerprint, rule).await;
    }
    operations
        .ledger()
        .open_accounts(vec![purse_chart::transfer_purse(&purse_name(asn), amount.currency())])
        .await?;
    let wallet = chart::wallet_id(holder, amount.currency());
    let posting = host::load(&purse_name(asn), id, wallet, amount);
    tied::run(operations, new, posting, None).await
}

fn load_operation(
    id: OperationId,
    holder: HolderId,
    (asn, amount): (Asn, Amount),
    created_at: Timestamp,
) -> NewOperation {
    NewOperation {
        id,
        kind: OperationKind::TransferPurseLoad,
        payer: Some(holder.into()),
        payee: None,
        merchant: None,
        card: None,
        parent: None,
        amount,
        memo: String::new(),
        fingerprint: purse_name(asn).transfer_bits(),
        created_at,
    }
}

/// The load that a transfer stands for.
///
/// # Errors
/// [`OperationError::Inconsistent`] where no operation can have made it.
pub(crate) fn loaded_operation(transfer: &Transfer, holder: u128) -> Result<NewOperation, OperationError> {
    Ok(NewOperation {
        fingerprint: transfer.user_data_128,
        ..load_operation(
            OperationId::new(transfer.id.0),
            HolderId::new(holder),
            (Asn::default(), amount_of(transfer)?),
            transfer.timestamp,
        )
    })
}

async fn check(operations: &Operations, id: OperationId, request: &OrderLoad) -> Result<(), OperationError> {
    let OrderLoad { holder, card: asn, amount, origin } = *request;
    let card: CardPurse = loads::own_card(operations, holder, asn).await?;
    operations.policy().check_amount(amount)?;
    directory::spender(operations, holder, card.currency).await?;
    if card.listed.is_some() || card.is_closed {
        return Err(CardPurseRefusal::CardNotServed.into());
    }
    if amount.currency() != card.currency {
        return Err(OperationError::CurrencyNotSupported);
    }
    if amount.minor() > u64::from(BALANCE_MAX) {
        return Err(CardPurseRefusal::Amount.into());
    }
    limits::check_single(operations, holder, amount).await?;
    let spending = Spending {
        operation: id,
        kind: OperationKind::TransferPurseLoad,
        payer: holder,
        payee: step_up::loaded_card(asn),
        amount,
        origin,
    };
    step_up::check_own(operations, &spending).await
}

/// A card that comes for its messages.
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
}

/// The messages that a card has not taken yet, oldest first. Nothing changes.
///
/// # Errors
/// [`CardPurseRefusal::NoKey`] where its certificates are not believed, [`CardPurseRefusal::MacWrong`] where its report is not
/// its own or too old, or what could not be reached.
pub async fn messages_for(
    operations: &Operations,
    visit: &Visit,
) -> Result<Vec<IssuerMessage>, OperationError> {
    let now = operations.now();
    let scheme = keys::scheme_key(operations).await?;
    let chain = believed(&visit.certificates, scheme, now).ok_or(CardPurseRefusal::NoKey)?;
    let CertificateBody { subject: purse, key, .. } = chain.subject.body();
    let report = host::read_report((*purse, key), &visit.challenge, &visit.report, &visit.signature);
    let report = report.filter(|_| is_fresh(now, &visit.challenge)).ok_or(CardPurseRefusal::MacWrong)?;
    let asn = serial_of(*purse);
    let card = operations.records().read(move |sql| card_purses::get(sql, asn)).await?;
    let card = card.filter(|card| card.listed.is_none() && !card.is_closed);
    let currency = card.ok_or(CardPurseRefusal::CardNotServed)?.currency;
    let issuer = keys::purse_issuer_key(operations).await?;
    Ok(host::messages(issuer, *purse, &loads_of(operations, asn, currency).await?, report.issuer_number))
}

/// The chain of a purse that our scheme admits today.
fn believed(certificates: &[Vec<u8>; 2], scheme: &KeyPair, now: Timestamp) -> Option<CertificateChain> {
    let [issuer, subject] = certificates.each_ref().map(|bytes| Certificate::parse(bytes).ok());
    let chain = CertificateChain { issuer: issuer?, subject: subject? };
    let today = u32::try_from(now.0 / NANOSECONDS_PER_SECOND / 86_400).ok()?;
    let anchors = [Anchor::new(SCHEME, scheme.public())];
    let trust = Trust { anchors: &anchors, today: Day(today), revoked: Revoked::default() };
    trust.check(&chain, Kind::Purse).is_ok().then_some(chain)
}

/// The serial number of the card whose purse has this name.
#[must_use]
pub fn serial_of(purse: SubjectId) -> Asn {
    let [_, _, _, _, _, _, serial @ ..] = purse.0;
    Asn(serial)
}

fn is_fresh(now: Timestamp, challenge: &[u8; 16]) -> bool {
    let [a, b, c, d, e, f, g, h, ..] = *challenge;
    let told = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    told.abs_diff(now.0 / NANOSECONDS_PER_SECOND) <= REPORT_AGE_MAX
}

/// Every load of a card's purse, in the order of the ledger.
async fn loads_of(
    operations: &Operations,
    asn: Asn,
    currency: Currency,
) -> Result<Vec<Transfer>, OperationError> {
    let account_id = purse_chart::transfer_purse_id(&purse_name(asn), currency);
    let mut loads: Vec<Transfer> = Vec::new();
    loop {
        let filter = AccountFilter {
            account_id,
            user_data_128: 0,
            user_data_64: 0,
            user_data_32: 0,
            code: chart::TRANSFER_PURSE_LOAD,
            timestamp_min: loads.last().map_or(Timestamp::ZERO, |last| Timestamp(last.timestamp.0 + 1)),
            timestamp_max: Timestamp::ZERO,
            limit: u32::try_from(BATCH_MAX).unwrap_or(u32::MAX),
            flags: AccountFilterFlags::CREDITS,
        };
        let page = operations.ledger().account_transfers(filter).await?;
        let is_last = page.len() < BATCH_MAX;
        loads.extend(page);
        if is_last {
            return Ok(loads);
        }
    }
}

/// What a card's purse was ever loaded with, newest first: when, and how much. Whether the card has fetched it, only the card
/// knows.
///
/// # Errors
/// What could not be reached.
pub async fn loaded(
    operations: &Operations,
    asn: Asn,
    currency: Currency,
) -> Result<Vec<(Timestamp, Amount)>, OperationError> {
    let loads = loads_of(operations, asn, currency).await?;
    loads.iter().rev().map(|load| Ok((load.timestamp, amount_of(load)?))).collect()
}
