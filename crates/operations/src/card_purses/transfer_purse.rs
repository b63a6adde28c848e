//! The part of a card that pays other cards, without us (`docs/spec/purse-to-purse.md`): who it is, how it is loaded.
//!
//! A load is one transfer, and its message follows from the ledger ([`issuer::transfer_purse`]): the records keep nothing of it
//! but its place in history, and a server that has lost them signs the same messages again. The card fetches it when it visits:
//! [`super::transfer_purse_visit`].

use issuer::transfer_purse::{self as host, SERIES};
use ledger::{Timestamp, Transfer};
use messages::card::Asn;
use money::Amount;
use pki::{Day, Generation, KeyPair, SubjectId};
use purse::vtp::PocketLimits;
use records::card_purses::CardPurse;
use records::issue_batches::IssueBatch;
use records::operations::{NewOperation, OperationKind};
use serde_json::{Value, json};
use wallet::chart;
use wallet::ids::{HolderId, OperationId};
use wallet::purse_chart::{self, PurseName};

use super::issuing::digits;
use super::keys::{self, IssuerKeys};
use super::loads::{self, OrderLoad};
use super::personalisation::BALANCE_MAX;
use super::transfer_purse_renewal::Terms;
use super::{CardPurseRefusal, ISSUER};
use crate::key::operation_id;
use crate::rebuild::amount_of;
use crate::spending::Spending;
use crate::{IdempotencyKey, OperationError, Operations, Receipt, directory, intent, limits, step_up, tied};

/// The name of the scheme, which purses know beforehand.
pub(super) const SCHEME: SubjectId = SubjectId(*b"SYCEE PURSES 001");
/// The most of one transfer, in minor units.
const TRANSFER_MAX: u32 = 50_000;
/// The most that a card sends, and the most that it receives, until it visits us, in minor units.
const MOVED_MAX: u32 = 500_000;

/// What a card's pocket allows.
pub(super) const fn pocket_limits() -> PocketLimits {
    PocketLimits {
        balance_max: purse::amount::Amount::new(BALANCE_MAX),
        transfer_max: purse::amount::Amount::new(TRANSFER_MAX),
        sent_max: purse::amount::Amount::new(MOVED_MAX),
        received_max: purse::amount::Amount::new(MOVED_MAX),
    }
}

/// The name of a card's purse in the ledger.
pub(super) fn purse_name(asn: Asn) -> PurseName {
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
        let terms = Terms::from(Day(first), Generation(generation), Day(batch.valid_until));
        let chain = terms.chain((scheme, issuer), (purse, own.public())).map_err(|_| UNSIGNED)?;
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
            "sent_max": MOVED_MAX,
            "received_max": MOVED_MAX,
        }],
        "pin": pin,
        "pin_tries": 3,
        "day": first,
    }))
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

/// The serial number of the card whose purse has this name.
#[must_use]
pub fn serial_of(purse: SubjectId) -> Asn {
    let [_, _, _, _, _, _, serial @ ..] = purse.0;
    Asn(serial)
}
