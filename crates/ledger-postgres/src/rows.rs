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

/// The balances of one account as they are kept beside a transfer: of each of the four numbers its length in bytes, then
/// those bytes, most significant first. Most balances are small, and each transfer carries two of these.
pub(crate) fn pack_balances(account: &Account, packed: &mut Vec<u8>) {
    packed.clear();
    let sides =
        [account.debits_pending, account.debits_posted, account.credits_pending, account.credits_posted];
    for side in sides {
        let bytes = side.0.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        packed.push(u8::try_from(bytes.len() - zeros).expect("at most sixteen"));
        packed.extend_from_slice(&bytes[zeros..]);
    }
}

/// The opposite of [`pack_balances`], or `None` where the bytes are not balances.
pub(crate) fn unpack_balances(mut packed: &[u8], timestamp: Timestamp) -> Option<AccountBalance> {
    let mut next = || {
        let (len, rest) = packed.split_first()?;
        let (digits, rest) = rest.split_at_checked(usize::from(*len))?;
        let mut bytes = [0; 16];
        bytes.get_mut(16_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
        packed = rest;
        Some(Amount(u128::from_be_bytes(bytes)))
    };
    Some(AccountBalance {
        debits_pending: next()?,
        debits_posted: next()?,
        credits_pending: next()?,
        credits_posted: next()?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances_survive_their_packing() {
        let account = Account {
            debits_pending: Amount::ZERO,
            debits_posted: Amount(255),
            credits_pending: Amount(256),
            credits_posted: Amount::MAX,
            ..Account::default()
        };
        let mut packed = vec![9; 3];
        pack_balances(&account, &mut packed);
        assert_eq!(unpack_balances(&packed, Timestamp(7)), Some(account.balance(Timestamp(7))));
        assert_eq!(packed.len(), 4 + 1 + 2 + 16);
        for end in 0..packed.len() {
            assert_eq!(unpack_balances(&packed[..end], Timestamp(7)), None);
        }
        assert_eq!(unpack_balances(&[17; 80], Timestamp(7)), None);
    }
}
