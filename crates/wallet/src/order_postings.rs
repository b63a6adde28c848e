//! One function per event of an order: paid once, or closed unpaid; and what becomes of money that waits in escrow.
//!
//! That an order is paid at most once is the id of [`taken_id`]: the payment is linked to it, so of all who try, one
//! succeeds. What leaves an escrow together never exceeds what was paid in, by the limit of its account; a dispute
//! reserves the whole of it, so nothing leaves until the dispute ends.

use ledger::{Amount as Minor, Transfer, TransferFlags, TransferId};
use money::{Amount, Currency};

use crate::chart;
use crate::ids::{HolderId, MerchantId, OperationId, OrderId, derive, derive_transfer};
use crate::postings::{Fingerprint, decision_id};

/// Where the money of an order goes when it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// To the merchant at once.
    Direct,
    /// To the order's own account, where it waits.
    Escrow,
}

/// A buyer pays an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderPayment {
    /// The operation.
    pub operation: OperationId,
    /// The order.
    pub order: OrderId,
    /// Who pays.
    pub payer: HolderId,
    /// Who sells.
    pub merchant: MerchantId,
    /// How much: the whole of the order.
    pub amount: Amount,
    /// Where the money goes.
    pub route: Route,
}

/// What moves out of an escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscrowMovement {
    /// The operation.
    pub operation: OperationId,
    /// The order.
    pub order: OrderId,
    /// The operation that paid the order.
    pub payment: OperationId,
    /// How much.
    pub amount: Amount,
}

/// What stands for the request to pay an order.
#[must_use]
pub fn payment_fingerprint(order: OrderId, amount: Amount) -> Fingerprint {
    let parts: [&[u8]; 3] =
        [&order.to_bytes(), &amount.minor().to_be_bytes(), amount.currency().code().as_bytes()];
    Fingerprint(derive("sycee fingerprint order payment v1", &parts))
}

/// The transfer that notes that an order is paid.
#[must_use]
pub fn taken_id(order: OrderId) -> TransferId {
    derive_transfer("sycee transfer order taken v1", &[&order.to_bytes()])
}

/// The transfer that holds what is in escrow while a dispute lasts. What is in escrow only ever gets less, so that the
/// same sum stands for the same moment.
#[must_use]
pub fn disputed_id(order: OrderId, held: Amount) -> TransferId {
    derive_transfer("sycee transfer escrow disputed v1", &[&order.to_bytes(), &held.minor().to_be_bytes()])
}

/// The transfer that ends the hold of a dispute.
#[must_use]
pub fn dispute_ended_id(disputed: TransferId) -> TransferId {
    derive_transfer("sycee transfer escrow dispute ended v1", &[&disputed.0.to_be_bytes()])
}

fn minor(amount: Amount) -> Minor {
    Minor(u128::from(amount.minor()))
}

/// A buyer paid an order: the money moves and the order is taken together, or nothing happens.
#[must_use]
pub fn order_paid(payment: &OrderPayment) -> [Transfer; 2] {
    let currency = payment.amount.currency();
    let (credit_account_id, code, user_data_128) = match payment.route {
        Route::Direct => {
            let fingerprint = payment_fingerprint(payment.order, payment.amount);
            (chart::merchant_id(payment.merchant, currency), chart::PAYMENT, fingerprint.0)
        }
        Route::Escrow => (chart::escrow_id(payment.order), chart::ESCROW_PAYMENT, payment.order.bits()),
    };
    let money = Transfer {
        id: decision_id(payment.operation),
        debit_account_id: chart::wallet_id(payment.payer, currency),
        credit_account_id,
        amount: minor(payment.amount),
        user_data_128,
        ledger: chart::money_ledger(currency),
        code,
        flags: TransferFlags::LINKED,
        ..Transfer::default()
    };
    let taken = Transfer {
        id: taken_id(payment.order),
        debit_account_id: chart::refund_control_id(currency),
        credit_account_id: chart::order_register_id(currency),
        amount: minor(payment.amount),
        user_data_128: payment.operation.bits(),
        ledger: chart::memo_ledger(currency),
        code: chart::ORDER_TAKEN,
        ..Transfer::default()
    };
    [money, taken]
}

/// An order ends unpaid. The transfer always fails, for a reason that makes the ledger refuse its id for ever: whoever
/// still pays the order gets `id_already_failed`.
#[must_use]
pub fn order_closed(order: OrderId, currency: Currency) -> Transfer {
    Transfer {
        id: taken_id(order),
        debit_account_id: chart::nobody_id(),
        credit_account_id: chart::order_register_id(currency),
        ledger: chart::memo_ledger(currency),
        code: chart::ORDER_TAKEN,
        ..Transfer::default()
    }
}

/// Money in escrow went to the merchant.
#[must_use]
pub fn escrow_released(release: &EscrowMovement, merchant: MerchantId) -> Transfer {
    let currency = release.amount.currency();
    Transfer {
        credit_account_id: chart::merchant_id(merchant, currency),
        code: chart::ESCROW_RELEASE,
        ..out_of_escrow(release)
    }
}

/// Money in escrow went back to the buyer.
#[must_use]
pub fn escrow_refunded(refund: &EscrowMovement, payer: HolderId) -> Transfer {
    let currency = refund.amount.currency();
    Transfer {
        credit_account_id: chart::wallet_id(payer, currency),
        code: chart::ESCROW_REFUND,
        ..out_of_escrow(refund)
    }
}

fn out_of_escrow(movement: &EscrowMovement) -> Transfer {
    Transfer {
        id: decision_id(movement.operation),
        debit_account_id: chart::escrow_id(movement.order),
        amount: minor(movement.amount),
        user_data_128: movement.payment.bits(),
        ledger: chart::money_ledger(movement.amount.currency()),
        ..Transfer::default()
    }
}

/// The buyer disputes: all that is in escrow is held, without a timeout, because only a decision ends it.
#[must_use]
pub fn escrow_disputed(order: OrderId, payment: OperationId, merchant: MerchantId, held: Amount) -> Transfer {
    let currency = held.currency();
    Transfer {
        id: disputed_id(order, held),
        debit_account_id: chart::escrow_id(order),
        credit_account_id: chart::merchant_id(merchant, currency),
        amount: minor(held),
        user_data_128: payment.bits(),
        ledger: chart::money_ledger(currency),
        code: chart::ESCROW_DISPUTED,
        flags: TransferFlags::PENDING,
        ..Transfer::default()
    }
}

/// A dispute ended: the hold ends, and the two shares move in the same chain, or nothing happens. A share that is
/// nothing is left out.
#[must_use]
pub fn dispute_decided(
    disputed: TransferId,
    to_merchant: Option<(&EscrowMovement, MerchantId)>,
    to_payer: Option<(&EscrowMovement, HolderId)>,
) -> Vec<Transfer> {
    let ended = Transfer {
        id: dispute_ended_id(disputed),
        pending_id: disputed,
        flags: TransferFlags::VOID_PENDING_TRANSFER,
        ..Transfer::default()
    };
    let released = to_merchant.map(|(release, merchant)| escrow_released(release, merchant));
    let refunded = to_payer.map(|(refund, payer)| escrow_refunded(refund, payer));
    let mut chain: Vec<Transfer> = [Some(ended), released, refunded].into_iter().flatten().collect();
    let last = chain.len().saturating_sub(1);
    for transfer in chain.iter_mut().take(last) {
        transfer.flags |= TransferFlags::LINKED;
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: OrderId = OrderId::new(3);
    const PAYMENT: OperationId = OperationId::new(4);

    fn cny(minor: u64) -> Amount {
        Amount::from_minor(minor, Currency::CNY).unwrap()
    }

    fn movement(operation: u128, minor: u64) -> EscrowMovement {
        EscrowMovement {
            operation: OperationId::new(operation),
            order: ORDER,
            payment: PAYMENT,
            amount: cny(minor),
        }
    }

    #[test]
    fn an_order_is_taken_by_one_transfer_whoever_pays() {
        let pay = |operation, payer, route| {
            order_paid(&OrderPayment {
                operation: OperationId::new(operation),
                order: ORDER,
                payer: HolderId::new(payer),
                merchant: MerchantId::new(8),
                amount: cny(500),
                route,
            })
        };
        let [money, taken] = pay(1, 5, Route::Direct);
        let [waiting, taken_too] = pay(2, 6, Route::Escrow);
        assert_eq!(taken.id, taken_too.id);
        assert_ne!(taken.user_data_128, taken_too.user_data_128);
        assert_eq!(money.flags, TransferFlags::LINKED);
        assert_eq!(money.credit_account_id, chart::merchant_id(MerchantId::new(8), Currency::CNY));
        assert_eq!(waiting.credit_account_id, chart::escrow_id(ORDER));
        assert_eq!(order_closed(ORDER, Currency::CNY).id, taken.id);
    }

    #[test]
    fn a_decided_dispute_ends_its_hold_and_moves_both_shares_in_one_chain() {
        let disputed = escrow_disputed(ORDER, PAYMENT, MerchantId::new(8), cny(500));
        assert_eq!(disputed.flags, TransferFlags::PENDING);
        let (release, refund) = (movement(10, 300), movement(11, 200));
        let chain = dispute_decided(
            disputed.id,
            Some((&release, MerchantId::new(8))),
            Some((&refund, HolderId::new(5))),
        );
        let linked: Vec<bool> =
            chain.iter().map(|transfer| transfer.flags.contains(TransferFlags::LINKED)).collect();
        assert_eq!(linked, [true, true, false]);
        assert_eq!(chain[0].pending_id, disputed.id);
        assert_eq!(chain[1].amount, Minor(300));
        let whole = dispute_decided(disputed.id, None, Some((&refund, HolderId::new(5))));
        assert_eq!(whole.len(), 2);
    }

    #[test]
    fn another_sum_in_escrow_is_another_dispute() {
        assert_ne!(disputed_id(ORDER, cny(500)), disputed_id(ORDER, cny(400)));
    }
}
