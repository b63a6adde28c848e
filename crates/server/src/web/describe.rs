//! Records in the words and types of pages.

use money::Delta;
use operations::Reason as Why;
use operations::history::{self, Named, PartyName};
use pages::Line;
use pages::activity::{Kind, State};
use pages::locale::Locale;
use pages::transaction::Reason;
use records::operations::{Operation, OperationKind, OperationState, PartyId};
use records::principals::Principal;

use super::stop::Stop;
use super::visit::Visit;

/// The name of a principal for themselves.
pub(super) fn own_name(locale: Locale, principal: &Principal) -> String {
    pick(locale, &principal.name, principal.latin_name.as_deref()).to_owned()
}

/// The name for readers of this language: in Latin letters for English, where there is one.
pub(super) fn pick<'a>(locale: Locale, name: &'a str, latin_name: Option<&'a str>) -> &'a str {
    match (locale, latin_name) {
        (Locale::En, Some(latin_name)) => latin_name,
        _ => name,
    }
}

/// The name of one side of an operation; a dash where it is no longer known.
pub(super) fn party(locale: Locale, party: Option<&PartyName>) -> String {
    party.map_or_else(
        || "—".to_owned(),
        |party| pick(locale, &party.name, party.latin_name.as_deref()).to_owned(),
    )
}

/// The kind, as pages name it.
pub(super) const fn kind(kind: OperationKind) -> Kind {
    match kind {
        OperationKind::TopUp => Kind::TopUp,
        OperationKind::Withdrawal => Kind::Withdrawal,
        OperationKind::Transfer => Kind::Transfer,
        OperationKind::Payment => Kind::Payment,
        OperationKind::Refund => Kind::Refund,
        OperationKind::EscrowPayment => Kind::EscrowPayment,
        OperationKind::EscrowRelease => Kind::EscrowRelease,
        OperationKind::EscrowRefund => Kind::EscrowRefund,
        OperationKind::VoucherSale => Kind::VoucherSale,
        OperationKind::VoucherRedemption => Kind::VoucherRedemption,
        OperationKind::VoucherReturn => Kind::VoucherReturn,
        OperationKind::CardLoad => Kind::CardLoad,
        OperationKind::CardUnload => Kind::CardUnload,
        OperationKind::CardRest => Kind::CardRest,
        OperationKind::CardDue => Kind::CardDue,
        OperationKind::TransferPurseLoad => Kind::TransferPurseLoad,
        OperationKind::TransferPurseUnload => Kind::TransferPurseUnload,
        OperationKind::CardTakings => Kind::CardTakings,
        OperationKind::CardReturns => Kind::CardReturns,
        OperationKind::Adjustment => Kind::Adjustment,
    }
}

/// The kind, as records name it.
pub(super) const fn recorded_kind(kind: Kind) -> OperationKind {
    match kind {
        Kind::TopUp => OperationKind::TopUp,
        Kind::Withdrawal => OperationKind::Withdrawal,
        Kind::Transfer => OperationKind::Transfer,
        Kind::Payment => OperationKind::Payment,
        Kind::Refund => OperationKind::Refund,
        Kind::EscrowPayment => OperationKind::EscrowPayment,
        Kind::EscrowRelease => OperationKind::EscrowRelease,
        Kind::EscrowRefund => OperationKind::EscrowRefund,
        Kind::VoucherSale => OperationKind::VoucherSale,
        Kind::VoucherRedemption => OperationKind::VoucherRedemption,
        Kind::VoucherReturn => OperationKind::VoucherReturn,
        Kind::CardLoad => OperationKind::CardLoad,
        Kind::CardUnload => OperationKind::CardUnload,
        Kind::CardRest => OperationKind::CardRest,
        Kind::CardDue => OperationKind::CardDue,
        Kind::TransferPurseLoad => OperationKind::TransferPurseLoad,
        Kind::TransferPurseUnload => OperationKind::TransferPurseUnload,
        Kind::CardTakings => OperationKind::CardTakings,
        Kind::CardReturns => OperationKind::CardReturns,
        Kind::Adjustment => OperationKind::Adjustment,
    }
}

/// The state, as pages name it.
pub(super) const fn state(state: OperationState) -> State {
    match state {
        OperationState::Started => State::Started,
        OperationState::Completed => State::Completed,
        OperationState::Declined => State::Declined,
        OperationState::Reversed => State::Reversed,
        OperationState::Unknown => State::Unknown,
        OperationState::Held => State::Held,
    }
}

/// Why an operation did not happen, as pages tell it.
pub(super) fn reason(code: &str) -> Reason {
    match Why::from_code(code) {
        Some(Why::InsufficientFunds | Why::MerchantBalanceShort) => Reason::InsufficientFunds,
        Some(Why::BankUnreachable | Why::BankFloatShort) => Reason::BankUnavailable,
        Some(Why::RefundExceedsPayment) => Reason::OverRefund,
        Some(Why::OverDailyLimit) => Reason::OverDailyLimit,
        Some(Why::PaidBefore) => Reason::PaidBefore,
        Some(Why::BankAsks) => Reason::BankAsks,
        Some(Why::BankNotAnswered) => Reason::BankNotAnswered,
        Some(Why::RefusedAtBank) => Reason::RefusedAtBank,
        Some(
            Why::CardUnknown
            | Why::CardFrozen
            | Why::CardExpired
            | Why::CardBlacklisted
            | Why::CardFundsShort
            | Why::CardLimitPerCharge
            | Why::CardLimitPerDay
            | Why::CardCurrency
            | Why::BankDeclined,
        ) => Reason::CardDeclined,
        Some(
            Why::OrderEnded
            | Why::EscrowShort
            | Why::DeclinedAfterReview
            | Why::ReviewExpired
            | Why::AccountClosed
            | Why::AccountMissing
            | Why::RefusedEarlier
            | Why::Interrupted,
        )
        | None => Reason::Other,
    }
}

/// What an operation changes for a party: it takes from the payer and gives to the payee.
pub(super) fn delta(operation: &Operation, party: PartyId) -> Delta {
    let delta = operation.amount.to_delta();
    if operation.payer == Some(party) { delta.negated() } else { delta }
}

/// Operations as lines of a list of this party.
pub(super) async fn lines(visit: &Visit, rows: Vec<Operation>, viewer: PartyId) -> Result<Vec<Line>, Stop> {
    let named = visit.need(history::named(visit.app.operations(), rows).await)?;
    Ok(named.into_iter().map(|row| line(visit.locale, row, viewer)).collect())
}

/// One operation as a line of a list of this party.
pub(super) fn line(locale: Locale, row: Named, viewer: PartyId) -> Line {
    let other = if row.operation.payer == Some(viewer) { &row.payee } else { &row.payer };
    Line {
        id: row.operation.id,
        kind: kind(row.operation.kind),
        state: state(row.operation.state),
        other: party(locale, other.as_ref()),
        at: row.operation.created_at,
        delta: delta(&row.operation, viewer),
        memo: row.operation.memo,
    }
}
