//! The transfers that every contender gets: drawn from a seed, so that each run and each engine sees the same.

use ledger::{Account, AccountFlags, AccountId, Amount, Code, LedgerId, Transfer, TransferFlags, TransferId};

/// The currency of the benchmark: ISO 4217 numeric code of the renminbi.
const LEDGER: LedgerId = LedgerId(156);
const CODE: Code = Code(1);
/// Where all money comes from; it may be overdrawn.
const ISSUER: AccountId = AccountId(1 << 64);
/// What each account starts with: enough never to be overdrawn by a random walk of small payments.
const FUNDS: Amount = Amount(1_000_000_000_000);
/// Payments are of 1 to this many minor units.
const AMOUNT_MAX: u64 = 1_000;

/// How ids are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// A clock in the upper bits: later ids are greater, as the model's documentation advises.
    TimeOrdered,
    /// Like a hash: no order at all.
    Random,
}

/// What kinds of transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mix {
    /// Plain transfers only: what a plain solution offers.
    SinglePhase,
    /// Of 20: 15 plain, 3 pending (one posted and one voided a batch later, one left to expire after a second), a
    /// post and a void.
    TwoPhase,
}

/// An endless, reproducible stream of transfers between `accounts` accounts.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    accounts: u64,
    ids: Ids,
    mix: Mix,
    random: SplitMix,
    sequence: u64,
    to_post: Vec<TransferId>,
    to_void: Vec<TransferId>,
    next_to_post: Vec<TransferId>,
    next_to_void: Vec<TransferId>,
}

impl Workload {
    pub(super) fn new(seed: u64, accounts: u32, ids: Ids, mix: Mix) -> Self {
        Self {
            accounts: u64::from(accounts),
            ids,
            mix,
            random: SplitMix(seed),
            sequence: 0,
            to_post: Vec::new(),
            to_void: Vec::new(),
            next_to_post: Vec::new(),
            next_to_void: Vec::new(),
        }
    }

    /// The accounts between which transfers move, and the one that funds them.
    pub(super) fn accounts(&self) -> Vec<Account> {
        let account = |id, flags| Account { id, ledger: LEDGER, code: CODE, flags, ..Account::default() };
        let limited = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlags::HISTORY;
        let mut accounts = vec![account(ISSUER, AccountFlags::NONE)];
        accounts.extend((1..=self.accounts).map(|id| account(AccountId(id.into()), limited)));
        accounts
    }

    /// The transfers that give each account its first money.
    pub(super) fn funding(&mut self) -> Vec<Transfer> {
        let accounts = self.accounts;
        (1..=accounts)
            .map(|id| Transfer { amount: FUNDS, ..self.between(ISSUER, AccountId(id.into())) })
            .collect()
    }

    /// The next `len` transfers.
    pub(super) fn batch(&mut self, len: usize) -> Vec<Transfer> {
        std::mem::swap(&mut self.to_post, &mut self.next_to_post);
        std::mem::swap(&mut self.to_void, &mut self.next_to_void);
        let batch = (0..len).map(|_| self.transfer()).collect();
        // What the batch did not take stays for the next one.
        self.next_to_post.append(&mut self.to_post);
        self.next_to_void.append(&mut self.to_void);
        batch
    }

    fn transfer(&mut self) -> Transfer {
        let turn = self.sequence % 20;
        let plain = self.plain();
        if self.mix == Mix::SinglePhase {
            return plain;
        }
        match turn {
            3 => {
                self.next_to_post.push(plain.id);
                Transfer { flags: TransferFlags::PENDING, timeout: 3_600, ..plain }
            }
            7 => {
                self.next_to_void.push(plain.id);
                Transfer { flags: TransferFlags::PENDING, ..plain }
            }
            11 => Transfer { flags: TransferFlags::PENDING, timeout: 1, ..plain },
            15 => match self.to_post.pop() {
                Some(pending_id) => Transfer {
                    id: plain.id,
                    pending_id,
                    amount: Amount::MAX,
                    flags: TransferFlags::POST_PENDING_TRANSFER,
                    ..Transfer::default()
                },
                None => plain,
            },
            19 => match self.to_void.pop() {
                Some(pending_id) => Transfer {
                    id: plain.id,
                    pending_id,
                    flags: TransferFlags::VOID_PENDING_TRANSFER,
                    ..Transfer::default()
                },
                None => plain,
            },
            _ => plain,
        }
    }

    fn plain(&mut self) -> Transfer {
        let debit = self.random.below(self.accounts);
        let credit = (debit + 1 + self.random.below(self.accounts - 1)) % self.accounts;
        let amount = Amount(u128::from(1 + self.random.below(AMOUNT_MAX)));
        let transfer = self.between(AccountId(u128::from(debit) + 1), AccountId(u128::from(credit) + 1));
        Transfer { amount, ..transfer }
    }

    fn between(&mut self, debit_account_id: AccountId, credit_account_id: AccountId) -> Transfer {
        Transfer {
            id: self.next_id(),
            debit_account_id,
            credit_account_id,
            user_data_128: u128::from(self.sequence),
            ledger: LEDGER,
            code: CODE,
            ..Transfer::default()
        }
    }

    fn next_id(&mut self) -> TransferId {
        /// Some moment in 2026, in milliseconds since 1970.
        const FIRST_MILLISECOND: u128 = 1_767_225_600_000;
        /// How many ids share a millisecond.
        const PER_MILLISECOND: u128 = 1_024;
        self.sequence += 1;
        let sequence = u128::from(self.sequence);
        TransferId(match self.ids {
            Ids::TimeOrdered => {
                let millisecond = FIRST_MILLISECOND + sequence / PER_MILLISECOND;
                let low = (sequence % PER_MILLISECOND) << 64 | u128::from(self.random.next());
                millisecond << 80 | low
            }
            Ids::Random => {
                let high = SplitMix(self.sequence).next();
                u128::from(high) << 64 | u128::from(SplitMix(high ^ self.sequence).next())
            }
        })
    }
}

/// A small generator of well-mixed numbers; its quality is enough for choosing accounts.
#[derive(Clone, Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `bound`, as good as uniform for bounds far below 2^64.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_never_repeat_and_time_ordered_ones_grow() {
        for ids in [Ids::TimeOrdered, Ids::Random] {
            let mut workload = Workload::new(1, 10, ids, Mix::TwoPhase);
            let transfers = workload.batch(50_000);
            let distinct: HashSet<u128> = transfers.iter().map(|t| t.id.0).collect();
            assert_eq!(distinct.len(), transfers.len());
            assert_eq!(transfers.is_sorted_by_key(|t| t.id.0), ids == Ids::TimeOrdered);
        }
    }

    #[test]
    fn each_pending_transfer_is_resolved_once_and_in_a_later_batch() {
        let mut workload = Workload::new(1, 10, Ids::TimeOrdered, Mix::TwoPhase);
        let mut open = HashSet::new();
        let mut resolved = 0;
        for _ in 0..10 {
            let batch = workload.batch(2_000);
            for transfer in batch.iter().filter(|t| t.resolves_pending()) {
                assert!(open.remove(&transfer.pending_id));
                resolved += 1;
            }
            open.extend(batch.iter().filter(|t| t.flags.contains(TransferFlags::PENDING)).map(|t| t.id));
        }
        assert_eq!(resolved, 9 * 200);
    }

    #[test]
    fn no_transfer_names_one_account_twice() {
        let mut workload = Workload::new(1, 10, Ids::Random, Mix::SinglePhase);
        assert!(workload.batch(10_000).iter().all(|t| t.debit_account_id != t.credit_account_id));
    }
}
