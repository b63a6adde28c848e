//! Random but repeatable batches, and the comparison of an engine with the model.

use ledger::memory::MemoryEngine;
use ledger::{
    Account, AccountFilter, AccountFilterFlags, AccountFlags, AccountId, Amount, Code, Engine, LedgerId,
    NANOSECONDS_PER_SECOND, QueryFilter, Timestamp, Transfer, TransferFlags, TransferId,
};
use ledger_embedded::storage::SimDisk;
use ledger_embedded::{EmbeddedEngine, Options};

pub(crate) const ACCOUNTS: u128 = 6;
/// Small segments, so that sealing, indexes and snapshots happen all the time.
pub(crate) const OPTIONS: Options = Options { segment_bytes: 8 * 1024 };

pub(crate) struct Workload {
    random: u64,
    next_id: u128,
    now: u64,
}

impl Workload {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: seed, next_id: 1, now: NANOSECONDS_PER_SECOND }
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    pub(crate) fn now(&mut self) -> Timestamp {
        self.now += self.below(NANOSECONDS_PER_SECOND);
        Timestamp(self.now)
    }

    pub(crate) fn accounts() -> Vec<Account> {
        let limited = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlags::HISTORY;
        (1..=ACCOUNTS)
            .map(|id| Account {
                id: AccountId(id),
                ledger: LedgerId(156),
                code: Code(1),
                flags: if id <= 2 { AccountFlags::HISTORY } else { limited },
                ..Account::default()
            })
            .collect()
    }

    pub(crate) fn batch(&mut self) -> Vec<Transfer> {
        let length = 1 + self.below(8);
        let mut batch: Vec<Transfer> = (0..length).map(|_| self.transfer()).collect();
        if let Some(last) = batch.last_mut() {
            last.flags = last.flags.without(TransferFlags::LINKED);
        }
        batch
    }

    fn transfer(&mut self) -> Transfer {
        let id =
            if self.below(12) == 0 { 1 + u128::from(self.below(self.next_id as u64)) } else { self.next_id };
        self.next_id = self.next_id.max(id + 1);
        let debit = 1 + u128::from(self.below(ACCOUNTS as u64));
        let credit = 1 + u128::from(self.below(ACCOUNTS as u64));
        let mut transfer = Transfer {
            id: TransferId(id),
            debit_account_id: AccountId(debit),
            credit_account_id: AccountId(credit),
            amount: Amount(u128::from(self.below(100))),
            user_data_64: self.below(5),
            ledger: LedgerId(156),
            code: Code(1),
            ..Transfer::default()
        };
        match self.below(8) {
            0 | 1 => {
                transfer.flags |= TransferFlags::PENDING;
                transfer.timeout = self.below(20) as u32;
            }
            2 | 3 => {
                let post = self.below(2) == 0;
                transfer.flags |= if post {
                    TransferFlags::POST_PENDING_TRANSFER
                } else {
                    TransferFlags::VOID_PENDING_TRANSFER
                };
                transfer.pending_id = TransferId(1 + u128::from(self.below(self.next_id as u64)));
                transfer.amount = if post { Amount::MAX } else { Amount::ZERO };
                transfer.debit_account_id = AccountId::ZERO;
                transfer.credit_account_id = AccountId::ZERO;
            }
            4 => transfer.flags |= TransferFlags::BALANCING_DEBIT,
            5 => transfer.flags |= TransferFlags::LINKED,
            _ => {}
        }
        transfer
    }

    pub(crate) fn ids_so_far(&self) -> Vec<TransferId> {
        (1..=self.next_id).map(TransferId).collect()
    }
}

pub(crate) fn open(disk: &SimDisk) -> EmbeddedEngine<SimDisk> {
    EmbeddedEngine::open_with(disk.clone(), OPTIONS).expect("a crash leaves a ledger that opens")
}

/// Everything that can be asked of an engine.
pub(crate) fn everything(engine: &mut dyn Engine, ids: &[TransferId]) -> Vec<String> {
    let accounts: Vec<AccountId> = (1..=ACCOUNTS).map(AccountId).collect();
    let mut all = vec![
        format!("{:?}", engine.lookup_accounts(&accounts)),
        format!("{:?}", engine.lookup_transfers(ids)),
        format!("{:?}", engine.query_transfers(&QueryFilter { limit: 8190, ..QueryFilter::default() })),
    ];
    // A transfer that can never be created tells whether its id has failed, and changes nothing.
    let probes: Vec<Transfer> = ids.iter().map(|&id| Transfer { id, ..Transfer::default() }).collect();
    for probes in probes.chunks(32) {
        let answers = engine.create_transfers(Timestamp::ZERO, probes);
        let statuses = answers.map(|answers| answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        all.push(format!("{statuses:?}"));
    }
    for account_id in accounts {
        let both = AccountFilterFlags::DEBITS | AccountFilterFlags::CREDITS;
        let filter = AccountFilter { account_id, limit: 8190, flags: both, ..AccountFilter::default() };
        all.push(format!("{:?}", engine.get_account_transfers(&filter)));
        all.push(format!("{:?}", engine.get_account_balances(&filter)));
        let newest = AccountFilter { limit: 3, flags: both | AccountFilterFlags::REVERSED, ..filter };
        all.push(format!("{:?}", engine.get_account_transfers(&newest)));
    }
    all
}

pub(crate) fn assert_same(
    engine: &mut dyn Engine,
    model: &mut MemoryEngine,
    ids: &[TransferId],
    context: &str,
) {
    let (left, right) = (everything(engine, ids), everything(model, ids));
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right, "{context}");
    }
}
