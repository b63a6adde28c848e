//! One function per event, saying which transfers it causes.
//!
//! The transfer that decides an operation has the operation's own id, so the ledger alone answers whether it happened.
//! `user_data_128` carries what an operation cannot be rebuilt without: the card of a top-up or withdrawal, the payment
//! of a refund, and for transfers and payments the fingerprint of the request. The parties are the owners of the two
//! accounts, the kind is the code, the amount is the amount.

use ledger::{AccountId, Amount as Minor, Transfer, TransferFlags, TransferId};
use money::{Amount, Currency};

use crate::chart;
use crate::ids::{BankId, CardId, HolderId, MerchantId, OperationId, derive_transfer};

/// 128 bits that stand for the body of a request: same key with another fingerprint is another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub u128);

/// Money between a bank card and a wallet, either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardMovement {
    /// The operation.
    pub operation: OperationId,
    /// Whose wallet.
    pub holder: HolderId,
    /// The bank of the card.
    pub bank: BankId,
    /// The card.
    pub card: CardId,
    /// How much.
    pub amount: Amount,
}

/// Money from a wallet to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletTransfer {
    /// The operation.
    pub operation: OperationId,
    /// Who pays.
    pub payer: HolderId,
    /// Who receives.
    pub payee: HolderId,
    /// How much.
    pub amount: Amount,
    /// The body of the request.
    pub fingerprint: Fingerprint,
}

/// Money from a wallet to a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MerchantPayment {
    /// The operation.
    pub operation: OperationId,
    /// Who pays.
    pub payer: HolderId,
    /// Who receives.
    pub merchant: MerchantId,
    /// How much.
    pub amount: Amount,
    /// The body of the request.
    pub fingerprint: Fingerprint,
}

/// Money of a payment back to who paid it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentRefund {
    /// The operation.
    pub operation: OperationId,
    /// The payment.
    pub payment: OperationId,
    /// The account that received the payment.
    pub from: AccountId,
    /// The account that paid.
    pub to: AccountId,
    /// How much of it goes back.
    pub amount: Amount,
}

/// The transfer that decides an operation.
#[must_use]
pub const fn decision_id(operation: OperationId) -> TransferId {
    TransferId(operation.bits())
}

/// The transfer that posts the reservation of a top-up or withdrawal.
#[must_use]
pub fn settled_id(operation: OperationId) -> TransferId {
    derive_transfer("sycee transfer settled v1", &[&operation.to_bytes()])
}

/// The transfer that voids the reservation of a top-up or withdrawal.
#[must_use]
pub fn released_id(operation: OperationId) -> TransferId {
    derive_transfer("sycee transfer released v1", &[&operation.to_bytes()])
}

/// The transfer that gives a refund cap the amount of its payment.
#[must_use]
pub fn cap_opened_id(payment: OperationId) -> TransferId {
    derive_transfer("sycee transfer refund cap opened v1", &[&payment.to_bytes()])
}

/// The transfer that takes a refund from its cap.
#[must_use]
pub fn cap_used_id(refund: OperationId) -> TransferId {
    derive_transfer("sycee transfer refund cap used v1", &[&refund.to_bytes()])
}

fn minor(amount: Amount) -> Minor {
    Minor(u128::from(amount.minor()))
}

/// The holder asked for a top-up: the amount is reserved until the bank has answered, without a timeout, because only
/// the bank's answer ends it.
#[must_use]
pub fn top_up_requested(top_up: &CardMovement) -> Transfer {
    let currency = top_up.amount.currency();
    Transfer {
        id: decision_id(top_up.operation),
        debit_account_id: chart::bank_id(top_up.bank, currency),
        credit_account_id: chart::wallet_id(top_up.holder, currency),
        amount: minor(top_up.amount),
        user_data_128: top_up.card.bits(),
        ledger: chart::money_ledger(currency),
        code: chart::TOP_UP,
        flags: TransferFlags::PENDING,
        ..Transfer::default()
    }
}

/// The holder asked for a withdrawal: the amount leaves what the holder can spend until the bank has answered.
#[must_use]
pub fn withdrawal_requested(withdrawal: &CardMovement) -> Transfer {
    let currency = withdrawal.amount.currency();
    Transfer {
        id: decision_id(withdrawal.operation),
        debit_account_id: chart::wallet_id(withdrawal.holder, currency),
        credit_account_id: chart::bank_id(withdrawal.bank, currency),
        amount: minor(withdrawal.amount),
        user_data_128: withdrawal.card.bits(),
        ledger: chart::money_ledger(currency),
        code: chart::WITHDRAWAL,
        flags: TransferFlags::PENDING,
        ..Transfer::default()
    }
}

/// The bank did its part of a top-up or withdrawal: the reservation becomes final.
#[must_use]
pub fn settled(operation: OperationId) -> Transfer {
    Transfer {
        id: settled_id(operation),
        amount: Minor::MAX,
        pending_id: decision_id(operation),
        flags: TransferFlags::POST_PENDING_TRANSFER,
        ..Transfer::default()
    }
}

/// The bank did not and never will do its part: the reservation ends without effect.
#[must_use]
pub fn released(operation: OperationId) -> Transfer {
    Transfer {
        id: released_id(operation),
        pending_id: decision_id(operation),
        flags: TransferFlags::VOID_PENDING_TRANSFER,
        ..Transfer::default()
    }
}

/// A holder sent money to another.
#[must_use]
pub fn transferred(transfer: &WalletTransfer) -> Transfer {
    let currency = transfer.amount.currency();
    Transfer {
        id: decision_id(transfer.operation),
        debit_account_id: chart::wallet_id(transfer.payer, currency),
        credit_account_id: chart::wallet_id(transfer.payee, currency),
        amount: minor(transfer.amount),
        user_data_128: transfer.fingerprint.0,
        ledger: chart::money_ledger(currency),
        code: chart::TRANSFER,
        ..Transfer::default()
    }
}

/// A holder paid a merchant.
#[must_use]
pub fn paid(payment: &MerchantPayment) -> Transfer {
    let currency = payment.amount.currency();
    Transfer {
        id: decision_id(payment.operation),
        debit_account_id: chart::wallet_id(payment.payer, currency),
        credit_account_id: chart::merchant_id(payment.merchant, currency),
        amount: minor(payment.amount),
        user_data_128: payment.fingerprint.0,
        ledger: chart::money_ledger(currency),
        code: chart::PAYMENT,
        ..Transfer::default()
    }
}

/// The first refund of a payment was asked for: the cap receives the whole amount of the payment, once.
#[must_use]
pub fn refund_cap_opened(payment: OperationId, amount: Amount) -> Transfer {
    let currency = amount.currency();
    Transfer {
        id: cap_opened_id(payment),
        debit_account_id: chart::refund_control_id(currency),
        credit_account_id: chart::refund_cap_id(payment),
        amount: minor(amount),
        user_data_128: payment.bits(),
        ledger: chart::memo_ledger(currency),
        code: chart::REFUND_CAP_OPENED,
        ..Transfer::default()
    }
}

/// A merchant gave money back: the refund and the use of its cap happen together or not at all.
#[must_use]
pub fn refunded(refund: &PaymentRefund) -> [Transfer; 2] {
    let currency = refund.amount.currency();
    let money = Transfer {
        id: decision_id(refund.operation),
        debit_account_id: refund.from,
        credit_account_id: refund.to,
        amount: minor(refund.amount),
        user_data_128: refund.payment.bits(),
        ledger: chart::money_ledger(currency),
        code: chart::REFUND,
        flags: TransferFlags::LINKED,
        ..Transfer::default()
    };
    let cap = Transfer {
        id: cap_used_id(refund.operation),
        debit_account_id: chart::refund_cap_id(refund.payment),
        credit_account_id: chart::refund_control_id(currency),
        amount: minor(refund.amount),
        user_data_128: refund.payment.bits(),
        ledger: chart::memo_ledger(currency),
        code: chart::REFUND_CAP_USED,
        ..Transfer::default()
    };
    [money, cap]
}

/// An operation was given up before the ledger decided it. The transfer always fails, for a reason that makes the
/// ledger refuse its id for ever: whoever still carries the operation out gets `id_already_failed`.
#[must_use]
pub fn given_up(operation: OperationId, currency: Currency) -> Transfer {
    Transfer {
        id: decision_id(operation),
        debit_account_id: chart::nobody_id(),
        credit_account_id: chart::refund_control_id(currency),
        ledger: chart::memo_ledger(currency),
        code: chart::REFUND_CAP_USED,
        ..Transfer::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny(minor: u64) -> Amount {
        Amount::from_minor(minor, Currency::CNY).unwrap()
    }

    fn movement() -> CardMovement {
        CardMovement {
            operation: OperationId::new(9),
            holder: HolderId::new(1),
            bank: BankId::new(2),
            card: CardId::new(3),
            amount: cny(500),
        }
    }

    #[test]
    fn a_top_up_reserves_from_the_bank_to_the_wallet() {
        let transfer = top_up_requested(&movement());
        assert_eq!(transfer.debit_account_id, chart::bank_id(BankId::new(2), Currency::CNY));
        assert_eq!(transfer.credit_account_id, chart::wallet_id(HolderId::new(1), Currency::CNY));
        assert_eq!(transfer.flags, TransferFlags::PENDING);
        assert_eq!(transfer.timeout, 0);
        assert_eq!(transfer.amount, Minor(500));
    }

    #[test]
    fn a_withdrawal_is_a_top_up_with_the_sides_exchanged() {
        let (inward, outward) = (top_up_requested(&movement()), withdrawal_requested(&movement()));
        assert_eq!(inward.debit_account_id, outward.credit_account_id);
        assert_eq!(inward.credit_account_id, outward.debit_account_id);
        assert_ne!(inward.code, outward.code);
    }

    #[test]
    fn the_transfer_that_decides_has_the_id_of_the_operation() {
        assert_eq!(top_up_requested(&movement()).id, TransferId(9));
        assert_eq!(settled(OperationId::new(9)).pending_id, TransferId(9));
        assert_eq!(released(OperationId::new(9)).pending_id, TransferId(9));
        assert_ne!(settled_id(OperationId::new(9)), released_id(OperationId::new(9)));
    }

    #[test]
    fn a_refund_takes_the_same_amount_from_its_cap_or_nothing_happens() {
        let payment = OperationId::new(4);
        let [money, cap] = refunded(&PaymentRefund {
            operation: OperationId::new(5),
            payment,
            from: chart::merchant_id(MerchantId::new(6), Currency::CNY),
            to: chart::wallet_id(HolderId::new(1), Currency::CNY),
            amount: cny(120),
        });
        assert_eq!(money.flags, TransferFlags::LINKED);
        assert_eq!(cap.flags, TransferFlags::NONE);
        assert_eq!(money.amount, cap.amount);
        assert_eq!(cap.debit_account_id, chart::refund_cap_id(payment));
        assert_eq!(refund_cap_opened(payment, cny(300)).credit_account_id, cap.debit_account_id);
        assert_eq!((money.ledger, cap.ledger), (ledger::LedgerId(156), ledger::LedgerId(100_156)));
    }

    #[test]
    fn what_is_given_up_debits_an_account_that_nobody_has() {
        let transfer = given_up(OperationId::new(9), Currency::CNY);
        assert_eq!(transfer.id, TransferId(9));
        assert_eq!(transfer.debit_account_id, chart::nobody_id());
    }
}
