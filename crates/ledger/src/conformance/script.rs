//! The words of a case: how a row becomes an account, a transfer, a filter or an expectation.

use std::collections::BTreeMap;

use crate::{
    Account, AccountFilter, AccountFilterFlags, AccountFlags, AccountId, Amount, Code, LedgerId, QueryFilter,
    QueryFilterFlags, Timestamp, Transfer, TransferFlags, TransferId,
};

/// The ledger of a row that names none: the yuan.
const DEFAULT_LEDGER: LedgerId = LedgerId(156);
/// The code of a row that names none.
const DEFAULT_CODE: Code = Code(1);

/// What the words of a case stand for at this moment.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// The clock that the case sets.
    pub(super) now: Timestamp,
    /// When each account (`A1`) and transfer (`T1`) of the case was created.
    pub(super) stamps: BTreeMap<String, Timestamp>,
}

/// `A1` is the account with id 1, `Amax` the one with the greatest id.
pub(super) fn account_id(word: &str) -> AccountId {
    AccountId(id(word, 'A'))
}

/// `T1` is the transfer with id 1, `Tmax` the one with the greatest id.
pub(super) fn transfer_id(word: &str) -> TransferId {
    TransferId(id(word, 'T'))
}

fn id(word: &str, letter: char) -> u128 {
    match word.strip_prefix(letter) {
        Some("max") => u128::MAX,
        Some(digits) => digits.parse().unwrap_or_else(|_| panic!("`{word}` has no number")),
        None => panic!("`{word}` should begin with {letter}"),
    }
}

impl Words {
    /// A number: digits, `max` (of its type), `last` (the last timestamp), `now`, or the timestamp of `A1` or `T1`;
    /// then perhaps `+1` or `-1`.
    fn number(&self, word: &str, max: u128) -> u128 {
        let sign = word.rfind(['+', '-']);
        let (base, offset) = sign.map_or((word, ""), |at| word.split_at(at));
        let base = match base {
            "max" => max,
            "now" => u128::from(self.now.0),
            "last" => u128::from(Timestamp::LAST.0),
            name if name.starts_with(['A', 'T']) => {
                let stamp = self.stamps.get(name).unwrap_or_else(|| panic!("`{name}` was not created"));
                u128::from(stamp.0)
            }
            digits => digits.parse().unwrap_or_else(|_| panic!("`{digits}` is not a number")),
        };
        let offset: i128 = if offset.is_empty() { 0 } else { offset.parse().expect("an offset is +1 or -1") };
        let number = base.checked_add_signed(offset).expect("the sum fits");
        assert!(number <= max, "`{word}` does not fit its field");
        number
    }

    fn u64(&self, word: &str) -> u64 {
        u64::try_from(self.number(word, u64::MAX.into())).expect("bounded above")
    }

    fn u32(&self, word: &str) -> u32 {
        u32::try_from(self.number(word, u32::MAX.into())).expect("bounded above")
    }

    fn u16(&self, word: &str) -> u16 {
        u16::try_from(self.number(word, u16::MAX.into())).expect("bounded above")
    }

    pub(super) fn amount(&self, word: &str) -> Amount {
        Amount(self.number(word, u128::MAX))
    }

    /// `A1 [flag…] [field=value…]`
    pub(super) fn account(&self, words: &[&str]) -> Account {
        let (id, fields) = words.split_first().expect("an account row names its account");
        let mut account =
            Account { id: account_id(id), ledger: DEFAULT_LEDGER, code: DEFAULT_CODE, ..Account::default() };
        for word in fields {
            self.set_account_field(&mut account, word);
        }
        account
    }

    fn set_account_field(&self, account: &mut Account, word: &str) {
        let Some((field, value)) = word.split_once('=') else {
            account.flags |= if word == "padding" {
                AccountFlags(1 << 15)
            } else {
                AccountFlags::named(word).unwrap_or_else(|| panic!("no account flag `{word}`"))
            };
            return;
        };
        match field {
            "debits_pending" => account.debits_pending = self.amount(value),
            "debits_posted" => account.debits_posted = self.amount(value),
            "credits_pending" => account.credits_pending = self.amount(value),
            "credits_posted" => account.credits_posted = self.amount(value),
            "user_data_128" => account.user_data_128 = self.number(value, u128::MAX),
            "user_data_64" => account.user_data_64 = self.u64(value),
            "user_data_32" => account.user_data_32 = self.u32(value),
            "reserved" => account.reserved = self.u32(value),
            "ledger" => account.ledger = LedgerId(self.u32(value)),
            "code" => account.code = Code(self.u16(value)),
            "timestamp" => account.timestamp = Timestamp(self.u64(value)),
            _ => panic!("no account field `{field}`"),
        }
    }

    /// `T1 A1 A2 15 [flag…] [field=value…]`
    pub(super) fn transfer(&self, words: &[&str]) -> Transfer {
        let [id, debit, credit, amount, fields @ ..] = words else {
            panic!("a transfer row names its transfer, two accounts and an amount");
        };
        let mut transfer = Transfer {
            id: transfer_id(id),
            debit_account_id: account_id(debit),
            credit_account_id: account_id(credit),
            amount: self.amount(amount),
            ledger: DEFAULT_LEDGER,
            code: DEFAULT_CODE,
            ..Transfer::default()
        };
        for word in fields {
            self.set_transfer_field(&mut transfer, word);
        }
        transfer
    }

    /// `T2 of T1 [flag…] [field=value…]`, everything else left to the pending transfer.
    pub(super) fn resolution(&self, words: &[&str], flag: TransferFlags) -> Transfer {
        let [id, "of", pending, fields @ ..] = words else {
            panic!("a post or void row says which transfer it resolves: `T2 of T1`");
        };
        let whole = if flag == TransferFlags::POST_PENDING_TRANSFER { Amount::MAX } else { Amount::ZERO };
        let mut transfer = Transfer {
            id: transfer_id(id),
            pending_id: transfer_id(pending),
            amount: whole,
            flags: flag,
            ..Transfer::default()
        };
        for word in fields {
            self.set_transfer_field(&mut transfer, word);
        }
        transfer
    }

    pub(super) fn set_transfer_field(&self, transfer: &mut Transfer, word: &str) {
        let Some((field, value)) = word.split_once('=') else {
            transfer.flags |= if word == "padding" {
                TransferFlags(1 << 15)
            } else {
                TransferFlags::named(word).unwrap_or_else(|| panic!("no transfer flag `{word}`"))
            };
            return;
        };
        match field {
            "debit_account_id" => transfer.debit_account_id = account_id(value),
            "credit_account_id" => transfer.credit_account_id = account_id(value),
            "amount" => transfer.amount = self.amount(value),
            "pending_id" => transfer.pending_id = transfer_id(value),
            "user_data_128" => transfer.user_data_128 = self.number(value, u128::MAX),
            "user_data_64" => transfer.user_data_64 = self.u64(value),
            "user_data_32" => transfer.user_data_32 = self.u32(value),
            "timeout" => transfer.timeout = self.u32(value),
            "ledger" => transfer.ledger = LedgerId(self.u32(value)),
            "code" => transfer.code = Code(self.u16(value)),
            "timestamp" => transfer.timestamp = Timestamp(self.u64(value)),
            _ => panic!("no transfer field `{field}`"),
        }
    }

    /// `A1 [debits] [credits] [reversed] [field=value…]`, with the greatest limit unless given.
    pub(super) fn account_filter(&self, words: &[&str]) -> AccountFilter {
        let (id, fields) = words.split_first().expect("the row names an account");
        let mut filter =
            AccountFilter { account_id: account_id(id), limit: u32::MAX, ..AccountFilter::default() };
        for word in fields {
            let Some((field, value)) = word.split_once('=') else {
                filter.flags |= if *word == "padding" {
                    AccountFilterFlags(1 << 31)
                } else {
                    AccountFilterFlags::named(word).unwrap_or_else(|| panic!("no filter flag `{word}`"))
                };
                continue;
            };
            match field {
                "user_data_128" => filter.user_data_128 = self.number(value, u128::MAX),
                "user_data_64" => filter.user_data_64 = self.u64(value),
                "user_data_32" => filter.user_data_32 = self.u32(value),
                "code" => filter.code = Code(self.u16(value)),
                "timestamp_min" => filter.timestamp_min = Timestamp(self.u64(value)),
                "timestamp_max" => filter.timestamp_max = Timestamp(self.u64(value)),
                "limit" => filter.limit = self.u32(value),
                _ => panic!("no filter field `{field}`"),
            }
        }
        filter
    }

    /// `[reversed] [field=value…]`, with the greatest limit unless given.
    pub(super) fn query_filter(&self, words: &[&str]) -> QueryFilter {
        let mut filter = QueryFilter { limit: u32::MAX, ..QueryFilter::default() };
        for word in words {
            let Some((field, value)) = word.split_once('=') else {
                filter.flags |= if *word == "padding" {
                    QueryFilterFlags(1 << 31)
                } else {
                    QueryFilterFlags::named(word).unwrap_or_else(|| panic!("no filter flag `{word}`"))
                };
                continue;
            };
            match field {
                "user_data_128" => filter.user_data_128 = self.number(value, u128::MAX),
                "user_data_64" => filter.user_data_64 = self.u64(value),
                "user_data_32" => filter.user_data_32 = self.u32(value),
                "ledger" => filter.ledger = LedgerId(self.u32(value)),
                "code" => filter.code = Code(self.u16(value)),
                "timestamp_min" => filter.timestamp_min = Timestamp(self.u64(value)),
                "timestamp_max" => filter.timestamp_max = Timestamp(self.u64(value)),
                "limit" => filter.limit = self.u32(value),
                _ => panic!("no filter field `{field}`"),
            }
        }
        filter
    }

    /// `0+15`: what is pending and what is posted.
    pub(super) fn sides(&self, word: &str) -> (Amount, Amount) {
        let (pending, posted) =
            word.split_once('+').unwrap_or_else(|| panic!("`{word}` is not pending+posted"));
        (self.amount(pending), self.amount(posted))
    }
}
