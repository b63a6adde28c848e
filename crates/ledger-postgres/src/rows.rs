//! Rows of the tables as the model's values.

use ledger::{
    Account, AccountBalance, AccountFlags, AccountId, Amount, Code, LedgerId, PendingStatus, Timestamp,
    Transfer, TransferFlags, TransferId,
};
use postgres::Row;

use crate::words::{Number, Wide, WideOrNull};

/// The columns that [`account`] reads.
pub(crate) const ACCOUNT: &str = "id, timestamp, user_data_64, user_data_32, ledger, code, flags, debits_pending, \
     debits_posted, credits_pending, credits_posted, user_data_128";

/// The columns that [`transfer`] reads.
pub(crate) const TRANSFER: &str = "id, debit_account_id, credit_account_id, timestamp, user_data_64, user_data_32, \
     timeout, ledger, code, flags, amount, pending_id, user_data_128";

pub(crate) fn account(row: &Row) -> Account {
    Account {
        id: AccountId(row.get::<_, Wide>(0).0),
        timestamp: timestamp(row.get(1)),
        user_data_64: row.get::<_, i64>(2).cast_unsigned(),
        user_data_32: row.get::<_, i32>(3).cast_unsigned(),
        reserved: 0,
        ledger: LedgerId(row.get::<_, i32>(4).cast_unsigned()),
        code: Code(small(row.get(5))),
        flags: AccountFlags(small(row.get(6))),
        debits_pending: Amount(row.get::<_, Number>(7).0),
        debits_posted: Amount(row.get::<_, Number>(8).0),
        credits_pending: Amount(row.get::<_, Number>(9).0),
        credits_posted: Amount(row.get::<_, Number>(10).0),
        user_data_128: row.get::<_, WideOrNull>(11).0,
    }
}

pub(crate) fn transfer(row: &Row) -> Transfer {
    Transfer {
        id: TransferId(row.get::<_, Wide>(0).0),
        debit_account_id: AccountId(row.get::<_, Wide>(1).0),
        credit_account_id: AccountId(row.get::<_, Wide>(2).0),
        timestamp: timestamp(row.get(3)),
        user_data_64: row.get::<_, i64>(4).cast_unsigned(),
        user_data_32: row.get::<_, i32>(5).cast_unsigned(),
        timeout: row.get::<_, i32>(6).cast_unsigned(),
        ledger: LedgerId(row.get::<_, i32>(7).cast_unsigned()),
        code: Code(small(row.get(8))),
        flags: TransferFlags(small(row.get(9))),
        amount: Amount(row.get::<_, Number>(10).0),
        pending_id: TransferId(row.get::<_, WideOrNull>(11).0),
        user_data_128: row.get::<_, WideOrNull>(12).0,
    }
}

/// The balances of one account as they are kept beside a transfer.
pub(crate) fn pack_balances(account: &Account) -> [u8; 64] {
    let mut bytes = [0; 64];
    let sides =
        [account.debits_pending, account.debits_posted, account.credits_pending, account.credits_posted];
    for (slot, side) in bytes.chunks_exact_mut(16).zip(sides) {
        slot.copy_from_slice(&side.0.to_be_bytes());
    }
    bytes
}

/// The opposite of [`pack_balances`], or `None` where the bytes are not balances.
pub(crate) fn unpack_balances(bytes: &[u8], timestamp: Timestamp) -> Option<AccountBalance> {
    let bytes: &[u8; 64] = bytes.try_into().ok()?;
    let (sides, _) = bytes.as_chunks::<16>();
    let side = |index: usize| Amount(u128::from_be_bytes(sides[index]));
    Some(AccountBalance {
        debits_pending: side(0),
        debits_posted: side(1),
        credits_pending: side(2),
        credits_posted: side(3),
        timestamp,
    })
}

pub(crate) fn status(code: i16) -> PendingStatus {
    match code {
        0 => PendingStatus::Pending,
        1 => PendingStatus::Posted,
        2 => PendingStatus::Voided,
        _ => PendingStatus::Expired,
    }
}

pub(crate) const fn status_code(status: PendingStatus) -> i16 {
    match status {
        PendingStatus::Pending => 0,
        PendingStatus::Posted => 1,
        PendingStatus::Voided => 2,
        PendingStatus::Expired => 3,
    }
}

pub(crate) const fn timestamp(stored: i64) -> Timestamp {
    Timestamp(stored.cast_unsigned())
}

/// A 16-bit field, which is stored in 32 bits.
fn small(stored: i32) -> u16 {
    u16::try_from(stored).unwrap_or(u16::MAX)
}
