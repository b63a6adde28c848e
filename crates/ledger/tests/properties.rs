//! Random histories: the state machine and the independent reference never disagree, and neither breaks a law.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;

use ledger::memory::MemoryEngine;
use ledger::reference::ReferenceEngine;
use ledger::{
    Account, AccountFilter, AccountFilterFlags, AccountFlags, AccountId, Amount, Code, CreateTransferStatus,
    Engine, LedgerId, QueryFilter, Timestamp, Transfer, TransferFlags, TransferId,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// The clock at the start of each history.
const START: u64 = 1_000_000_000_000;

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    Accounts(Vec<Account>),
    Transfers(Vec<Transfer>),
    /// Seconds that pass, or, rarely, that the clock goes back.
    Tick(i64),
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        20 => (0..40_u128).prop_map(Amount),
        1 => Just(Amount::MAX),
        1 => Just(Amount(u128::MAX / 2)),
    ]
}

fn ledger_id() -> impl Strategy<Value = LedgerId> {
    prop_oneof![30 => Just(LedgerId(156)), 2 => Just(LedgerId(978)), 1 => Just(LedgerId::ZERO)]
}

fn code() -> impl Strategy<Value = Code> {
    prop_oneof![40 => Just(Code(1)), 1 => Just(Code(2)), 1 => Just(Code::ZERO)]
}

/// A set of flags of which each has its own chance in a hundred.
fn flags(chances: &'static [(u16, u32)]) -> impl Strategy<Value = u16> {
    vec(0..100_u32, chances.len()).prop_map(move |draws| {
        let drawn = draws.iter().zip(chances).filter(|(draw, (_, chance))| *draw < chance);
        drawn.fold(0, |flags, (_, (flag, _))| flags | flag)
    })
}

fn account() -> impl Strategy<Value = Account> {
    const CHANCES: &[(u16, u32)] = &[
        (AccountFlags::LINKED.0, 15),
        (AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS.0, 25),
        (AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS.0, 12),
        (AccountFlags::HISTORY.0, 50),
        (AccountFlags::CLOSED.0, 3),
    ];
    (0..7_u128, ledger_id(), code(), flags(CHANCES), 0..3_u64).prop_map(
        |(id, ledger, code, flags, user_data_64)| Account {
            id: AccountId(id),
            ledger,
            code,
            flags: AccountFlags(flags),
            user_data_64: user_data_64 / 2,
            ..Account::default()
        },
    )
}

fn movement() -> impl Strategy<Value = Transfer> {
    const CHANCES: &[(u16, u32)] = &[
        (TransferFlags::LINKED.0, 20),
        (TransferFlags::PENDING.0, 40),
        (TransferFlags::BALANCING_DEBIT.0, 8),
        (TransferFlags::BALANCING_CREDIT.0, 8),
        (TransferFlags::CLOSING_DEBIT.0, 2),
        (TransferFlags::CLOSING_CREDIT.0, 2),
    ];
    // Mostly two different accounts of the six.
    let accounts = (1..7_u128, 0..60_u128).prop_map(|(debit, draw)| match draw {
        0 => (0, debit),
        1 => (debit, debit),
        2 => (debit, 9),
        _ => (debit, (debit + draw % 5) % 6 + 1),
    });
    (1..40_u128, accounts, amount(), ledger_id(), code(), flags(CHANCES), 0..4_u32).prop_map(
        |(id, (debit, credit), amount, ledger, code, flags, timeout)| Transfer {
            id: TransferId(id),
            debit_account_id: AccountId(debit),
            credit_account_id: AccountId(credit),
            amount,
            ledger,
            code,
            flags: TransferFlags(flags),
            timeout: if flags & TransferFlags::PENDING.0 == 0 { 0 } else { timeout },
            ..Transfer::default()
        },
    )
}

fn resolution() -> impl Strategy<Value = Transfer> {
    const LINKED: &[(u16, u32)] = &[(TransferFlags::LINKED.0, 15)];
    let amount = prop_oneof![4 => Just(Amount::MAX), 4 => Just(Amount::ZERO), 3 => amount()];
    (1..40_u128, 1..40_u128, amount, any::<bool>(), flags(LINKED)).prop_map(
        |(id, pending, amount, post, flags)| {
            let kind = if post {
                TransferFlags::POST_PENDING_TRANSFER
            } else {
                TransferFlags::VOID_PENDING_TRANSFER
            };
            Transfer {
                id: TransferId(id),
                pending_id: TransferId(pending),
                amount,
                flags: TransferFlags(flags) | kind,
                ..Transfer::default()
            }
        },
    )
}

/// Transfers with timestamps of their own, not far from the present.
fn imports() -> impl Strategy<Value = Vec<Transfer>> {
    vec((movement(), 0..20_u64), 1..4).prop_map(|transfers| {
        let stamped = transfers.into_iter().map(|(transfer, back)| Transfer {
            flags: transfer.flags | TransferFlags::IMPORTED,
            timestamp: Timestamp(START + 20 - back),
            ..transfer
        });
        stamped.collect()
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => vec(account(), 1..5).prop_map(Step::Accounts),
        10 => vec(prop_oneof![3 => movement(), 2 => resolution()], 1..8).prop_map(Step::Transfers),
        1 => imports().prop_map(Step::Transfers),
        2 => (-1..4_i64).prop_map(Step::Tick),
    ]
}

/// A history that begins with six accounts, so that something can happen, and whose drawn ids mean something: see
/// [`give_ids`].
fn history() -> impl Strategy<Value = Vec<Step>> {
    let founding = vec(account(), 6).prop_map(|mut accounts| {
        for (account, id) in accounts.iter_mut().zip(1..) {
            account.id = AccountId(id);
            account.flags = account.flags.without(AccountFlags::LINKED);
            account.ledger = if id < 6 { LedgerId(156) } else { LedgerId(978) };
            account.code = Code(1);
        }
        Step::Accounts(accounts)
    });
    (founding, vec(step(), 1..30)).prop_map(|(founding, mut steps)| {
        steps.insert(0, founding);
        give_ids(&mut steps);
        steps
    })
}

/// Most transfers get a new id, some that of an earlier one; most posts and voids name an earlier pending transfer.
fn give_ids(steps: &mut [Step]) {
    let (mut last, mut pendings) = (0_u128, Vec::new());
    let transfers = steps.iter_mut().filter_map(|step| match step {
        Step::Transfers(transfers) => Some(transfers),
        Step::Accounts(_) | Step::Tick(_) => None,
    });
    for transfer in transfers.flatten() {
        let drawn = transfer.id.0;
        if drawn > 4 || last == 0 {
            last += 1;
            transfer.id = TransferId(last);
        } else {
            transfer.id = TransferId(1 + (drawn * 7) % last);
        }
        if !transfer.pending_id.is_zero() && !pendings.is_empty() {
            let recent =
                pendings.len() - 1 - usize::try_from(transfer.pending_id.0).unwrap() % pendings.len().min(4);
            transfer.pending_id = pendings[recent];
        }
        if transfer.flags.contains(TransferFlags::PENDING) {
            pendings.push(transfer.id);
        }
    }
}

fn ticked(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp(now.0.saturating_add_signed(seconds * 1_000_000_000))
}

/// The statuses of transfers alone.
fn statuses(engine: &mut dyn Engine, now: Timestamp, transfers: &[Transfer]) -> Vec<CreateTransferStatus> {
    let results = engine.create_transfers(now, transfers).unwrap();
    results.iter().map(|result| result.status).collect()
}

fn everything() -> QueryFilter {
    QueryFilter { limit: u32::MAX, ..QueryFilter::default() }
}

/// Plays a history on the state machine, showing each step's batch with its statuses to `watch`.
fn play(
    history: &[Step],
    mut watch: impl FnMut(&mut MemoryEngine, Timestamp, &[Transfer], &[CreateTransferStatus]),
) {
    let (mut engine, mut now) = (MemoryEngine::new(), Timestamp(START));
    for step in history {
        match step {
            Step::Accounts(accounts) => drop(engine.create_accounts(now, accounts).unwrap()),
            Step::Tick(seconds) => now = ticked(now, *seconds),
            Step::Transfers(transfers) => {
                let statuses = statuses(&mut engine, now, transfers);
                watch(&mut engine, now, transfers, &statuses);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_state_machine_and_the_reference_agree(history in history()) {
        let (mut machine, mut reference) = (MemoryEngine::new(), ReferenceEngine::new());
        let mut now = Timestamp(START);
        for step in &history {
            match step {
                Step::Accounts(accounts) => {
                    let answer = machine.create_accounts(now, accounts);
                    prop_assert_eq!(answer, reference.create_accounts(now, accounts), "{:?}", step);
                }
                Step::Transfers(transfers) => {
                    let answer = machine.create_transfers(now, transfers);
                    prop_assert_eq!(answer, reference.create_transfers(now, transfers), "{:?}", step);
                }
                Step::Tick(seconds) => {
                    now = ticked(now, *seconds);
                    machine.advance(now).unwrap();
                    reference.advance(now).unwrap();
                }
            }
            let accounts = machine.query_accounts(&everything());
            prop_assert_eq!(accounts, reference.query_accounts(&everything()), "{:?}", step);
        }
        prop_assert_eq!(machine.query_transfers(&everything()), reference.query_transfers(&everything()));
        for account in 1..7 {
            let filter = AccountFilter {
                account_id: AccountId(account),
                limit: u32::MAX,
                flags: AccountFilterFlags::DEBITS | AccountFilterFlags::CREDITS,
                ..AccountFilter::default()
            };
            prop_assert_eq!(machine.get_account_transfers(&filter), reference.get_account_transfers(&filter));
            prop_assert_eq!(machine.get_account_balances(&filter), reference.get_account_balances(&filter));
        }
    }

    #[test]
    fn debits_equal_credits_in_every_ledger(history in history()) {
        play(&history, |engine, _, _, _| {
            let mut sums: BTreeMap<LedgerId, [u128; 4]> = BTreeMap::new();
            for account in engine.query_accounts(&everything()).unwrap() {
                let sum = sums.entry(account.ledger).or_default();
                // Several accounts near the greatest amount wrap the sum on both sides alike.
                sum[0] = sum[0].wrapping_add(account.debits_pending.0);
                sum[1] = sum[1].wrapping_add(account.credits_pending.0);
                sum[2] = sum[2].wrapping_add(account.debits_posted.0);
                sum[3] = sum[3].wrapping_add(account.credits_posted.0);
            }
            for (ledger, [debits_pending, credits_pending, debits_posted, credits_posted]) in sums {
                assert_eq!((debits_pending, debits_posted), (credits_pending, credits_posted), "{ledger:?}");
            }
        });
    }

    #[test]
    fn no_limit_is_ever_broken(history in history()) {
        play(&history, |engine, _, _, _| {
            for a in engine.query_accounts(&everything()).unwrap() {
                let debits = a.debits_pending.checked_add(a.debits_posted).expect("no sum overflows");
                let credits = a.credits_pending.checked_add(a.credits_posted).expect("no sum overflows");
                if a.flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS) {
                    assert!(debits <= a.credits_posted, "{a:?}");
                }
                if a.flags.contains(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS) {
                    assert!(credits <= a.debits_posted, "{a:?}");
                }
            }
        });
    }

    #[test]
    fn a_batch_sent_again_creates_nothing_twice(history in history()) {
        play(&history, |engine, now, transfers, first| {
            let before = engine.lookup_transfers(&ids(transfers)).unwrap();
            let again = statuses(engine, now, transfers);
            for ((transfer, first), again) in transfers.iter().zip(first).zip(&again) {
                match first {
                    // A chain that is repeated breaks at its first event, which exists.
                    CreateTransferStatus::Created => assert!(
                        matches!(again, CreateTransferStatus::Exists | CreateTransferStatus::LinkedEventFailed),
                        "{transfer:?} was created and is now {again}"
                    ),
                    status if status.is_transient() => assert!(
                        matches!(
                            again,
                            CreateTransferStatus::IdAlreadyFailed
                                | CreateTransferStatus::LinkedEventFailed
                                | CreateTransferStatus::LinkedEventChainOpen
                        ),
                        "{transfer:?} failed and is now {again}"
                    ),
                    _ => {}
                }
            }
            let after = engine.lookup_transfers(&ids(transfers)).unwrap();
            assert!(before.iter().all(|stored| after.contains(stored)), "a stored transfer changed");
        });
    }

    #[test]
    fn a_chain_is_created_whole_or_not_at_all(history in history()) {
        play(&history, |_, _, transfers, statuses| {
            let mut chain: Vec<bool> = Vec::new();
            for (transfer, status) in transfers.iter().zip(statuses) {
                chain.push(*status == CreateTransferStatus::Created);
                if !transfer.flags.contains(TransferFlags::LINKED) {
                    assert!(chain.iter().all(|created| *created == chain[0]), "{transfers:?} gave {statuses:?}");
                    chain.clear();
                }
            }
            assert!(chain.iter().all(|created| !created), "an open chain created something: {transfers:?}");
        });
    }
}

fn ids(transfers: &[Transfer]) -> Vec<TransferId> {
    transfers.iter().map(|transfer| transfer.id).collect()
}
