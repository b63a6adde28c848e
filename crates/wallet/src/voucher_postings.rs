//! What the events of vouchers do in the ledger.
//!
//! A sold voucher has an account of its own, which can give out what was paid in and no more: whoever tries at the same
//! time, one redeems it or its merchant takes it back.

use ledger::{Amount as Minor, Transfer};
use money::Amount;

use crate::chart;
use crate::ids::{HolderId, MerchantId, OperationId, VoucherId, derive};
use crate::postings::{Fingerprint, decision_id};

/// A voucher and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// Which.
    pub id: VoucherId,
    /// Who sells it.
    pub merchant: MerchantId,
    /// How much.
    pub amount: Amount,
}

/// Who a voucher ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A holder redeems it.
    Redeemed(HolderId),
    /// Its merchant takes it back.
    Returned,
}

/// The operation that sold a voucher.
#[must_use]
pub const fn sale_id(voucher: VoucherId) -> OperationId {
    OperationId::new(voucher.bits())
}

/// What tells a retry of a sale from another sale.
#[must_use]
pub fn sale_fingerprint(merchant: MerchantId, amount: Amount) -> Fingerprint {
    let parts: [&[u8]; 3] =
        [&merchant.to_bytes(), &amount.minor().to_be_bytes(), amount.currency().code().as_bytes()];
    Fingerprint(derive("sycee fingerprint voucher sale v1", &parts))
}

/// What tells the end of a voucher from another end.
#[must_use]
pub fn end_fingerprint(voucher: VoucherId, end: End) -> Fingerprint {
    let whose = match end {
        End::Redeemed(holder) => holder.to_bytes(),
        End::Returned => [0; 16],
    };
    Fingerprint(derive("sycee fingerprint voucher ended v1", &[&voucher.to_bytes(), &whose]))
}

fn minor(amount: Amount) -> Minor {
    Minor(u128::from(amount.minor()))
}

/// A merchant sold a voucher: its own money waits on the voucher's account.
#[must_use]
pub fn sold(voucher: &Voucher) -> Transfer {
    let currency = voucher.amount.currency();
    Transfer {
        id: decision_id(sale_id(voucher.id)),
        debit_account_id: chart::merchant_id(voucher.merchant, currency),
        credit_account_id: chart::voucher_id(voucher.id),
        amount: minor(voucher.amount),
        user_data_128: voucher.id.bits(),
        ledger: chart::money_ledger(currency),
        code: chart::VOUCHER_SALE,
        ..Transfer::default()
    }
}

/// A voucher ended by this operation: all of it moved.
#[must_use]
pub fn ended(operation: OperationId, voucher: &Voucher, end: End) -> Transfer {
    let currency = voucher.amount.currency();
    let (credit_account_id, code) = match end {
        End::Redeemed(holder) => (chart::wallet_id(holder, currency), chart::VOUCHER_REDEMPTION),
        End::Returned => (chart::merchant_id(voucher.merchant, currency), chart::VOUCHER_RETURN),
    };
    Transfer {
        id: decision_id(operation),
        debit_account_id: chart::voucher_id(voucher.id),
        credit_account_id,
        amount: minor(voucher.amount),
        user_data_128: voucher.id.bits(),
        ledger: chart::money_ledger(currency),
        code,
        ..Transfer::default()
    }
}

#[cfg(test)]
mod tests {
    use money::Currency;

    use super::*;

    fn voucher() -> Voucher {
        Voucher {
            id: VoucherId::new(7),
            merchant: MerchantId::new(3),
            amount: Amount::from_minor(5_000, Currency::CNY).unwrap(),
        }
    }

    #[test]
    fn a_voucher_gives_out_what_was_paid_in() {
        let sold = sold(&voucher());
        let returned = ended(OperationId::new(9), &voucher(), End::Returned);
        let redeemed = ended(OperationId::new(9), &voucher(), End::Redeemed(HolderId::new(1)));
        for ended in [&returned, &redeemed] {
            assert_eq!((sold.credit_account_id, sold.amount), (ended.debit_account_id, ended.amount));
        }
        assert_eq!(returned.credit_account_id, sold.debit_account_id);
        assert_ne!(redeemed.credit_account_id, returned.credit_account_id);
    }

    #[test]
    fn ends_differ_in_their_fingerprint() {
        let prints = [End::Returned, End::Redeemed(HolderId::new(1)), End::Redeemed(HolderId::new(2))]
            .map(|end| end_fingerprint(VoucherId::new(7), end).0);
        assert!(prints[0] != prints[1] && prints[1] != prints[2] && prints[0] != prints[2]);
    }
}
