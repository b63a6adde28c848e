//! The end of a wallet in the ledger: a pending transfer of nothing closes its account, so that the ledger itself refuses
//! whatever comes later; voided, it opens the account again (TigerBeetle, "Close Account").

use ledger::{Timestamp, Transfer, TransferFlags, TransferId};
use money::Currency;

use crate::chart;
use crate::ids::{HolderId, derive_transfer};

/// Closes a holder's wallet. Each try has a transfer of its own, told by its time: one that was voided closes nothing again.
/// Its `user_data_128` is the holder.
#[must_use]
pub fn wallet_closed(holder: HolderId, currency: Currency, tried_at: Timestamp) -> Transfer {
    let parts: [&[u8]; 3] =
        [&holder.to_bytes(), &currency.numeric().to_be_bytes(), &tried_at.0.to_be_bytes()];
    Transfer {
        id: derive_transfer("sycee transfer wallet closed v1", &parts),
        debit_account_id: chart::wallet_id(holder, currency),
        credit_account_id: chart::closings_id(currency),
        user_data_128: holder.bits(),
        ledger: chart::money_ledger(currency),
        code: chart::WALLET_CLOSED,
        flags: TransferFlags::PENDING | TransferFlags::CLOSING_DEBIT,
        ..Transfer::default()
    }
}

/// Opens again what that transfer closed.
#[must_use]
pub fn wallet_reopened(closed: TransferId) -> Transfer {
    Transfer {
        id: derive_transfer("sycee transfer wallet reopened v1", &[&closed.0.to_be_bytes()]),
        pending_id: closed,
        flags: TransferFlags::VOID_PENDING_TRANSFER,
        ..Transfer::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_to_close_a_wallet_is_a_transfer_of_nothing_of_its_own() {
        let holder = HolderId::new(7);
        let closed = |currency, at| wallet_closed(holder, currency, Timestamp(at));
        let first = closed(Currency::CNY, 1);
        assert_eq!(first.amount.0, 0);
        assert_ne!(first.id, closed(Currency::CNY, 2).id);
        assert_ne!(first.id, closed(Currency::EUR, 1).id);
        assert_eq!(wallet_reopened(first.id).pending_id, first.id);
    }
}
