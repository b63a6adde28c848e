//! Batches nobody thought of: the state machine and the independent reference give the same results.
#![no_main]

use ledger::memory::MemoryEngine;
use ledger::reference::ReferenceEngine;
use ledger::{
    Account, AccountFlags, AccountId, Amount, Code, Engine, LedgerId, Timestamp, Transfer, TransferFlags,
    TransferId,
};
use libfuzzer_sys::fuzz_target;

/// Ids from a handful, so that events meet each other; 0 and the greatest are among them.
fn id(byte: u8) -> u128 {
    match byte % 16 {
        15 => u128::MAX,
        few => u128::from(few),
    }
}

fn account(bytes: [u8; 8]) -> Account {
    Account {
        id: AccountId(id(bytes[0])),
        ledger: LedgerId(u32::from(bytes[1] % 3)),
        code: Code(u16::from(bytes[2] % 3)),
        flags: AccountFlags(u16::from_le_bytes([bytes[3], 0])),
        user_data_32: u32::from(bytes[4] % 2),
        ..Account::default()
    }
}

fn transfer(bytes: [u8; 8]) -> Transfer {
    Transfer {
        id: TransferId(id(bytes[0])),
        debit_account_id: AccountId(id(bytes[1] & 15)),
        credit_account_id: AccountId(id(bytes[1] >> 4)),
        amount: Amount(if bytes[2] == 255 { u128::MAX } else { u128::from(bytes[2] % 32) }),
        pending_id: TransferId(id(bytes[3])),
        timeout: u32::from(bytes[4] % 4),
        ledger: LedgerId(u32::from(bytes[5] % 3)),
        code: Code(u16::from(bytes[5] >> 6)),
        flags: TransferFlags(u16::from_le_bytes([bytes[6], bytes[7] & 1])),
        ..Transfer::default()
    }
}

/// The first byte of a batch says what it is, how long it is, and how many seconds pass before it.
fn play(engine: &mut impl Engine, mut bytes: &[u8]) -> Vec<String> {
    let mut answers = Vec::new();
    let mut now = Timestamp(1_000_000_000);
    while let Some((&head, rest)) = bytes.split_first() {
        now = now.checked_add_seconds(u32::from(head >> 6)).expect("a fuzz input is shorter than time");
        let wanted = usize::from(head >> 1 & 7) + 1;
        let events: Vec<[u8; 8]> =
            rest.chunks_exact(8).take(wanted).filter_map(|c| c.try_into().ok()).collect();
        bytes = rest.get(events.len() * 8..).unwrap_or_default();
        if events.is_empty() {
            break;
        }
        answers.push(match head & 1 {
            0 => format!(
                "{:?}",
                engine.create_accounts(now, &events.into_iter().map(account).collect::<Vec<_>>())
            ),
            _ => format!(
                "{:?}",
                engine.create_transfers(now, &events.into_iter().map(transfer).collect::<Vec<_>>())
            ),
        });
    }
    let ids: Vec<AccountId> = (0..16).map(|byte| AccountId(id(byte))).collect();
    answers.push(format!("{:?}", engine.lookup_accounts(&ids)));
    answers
}

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(play(&mut MemoryEngine::new(), bytes), play(&mut ReferenceEngine::default(), bytes));
});
