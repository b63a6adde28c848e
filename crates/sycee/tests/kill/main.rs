//! The real server under load is killed with SIGKILL, again and again. No acknowledged payment is lost or doubled, every
//! request that was cut off gets one final answer when it is repeated, and the server is back within a second.
//!
//! `SYCEE_KILL_CYCLES=1000` makes it a long run; `SYCEE_KILL_SEED` repeats the moments of an earlier one.

#![expect(clippy::unwrap_used, reason = "tests fail where something unexpected happens")]

mod client;
mod founding;
mod serving;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use client::{Answer, Connection};
use founding::{Payer, Shop};
use serving::Serving;

const CYCLES: u64 = 50;
const PAYERS: usize = 8;
/// What each payer has at first: more than all payments of a long run together.
const FUNDS: u64 = 100_000_000;
/// From the start of the process to its first answer.
const BACK_WITHIN: Duration = Duration::from_secs(1);

/// A payment that was sent, with all that is needed to send it again.
#[derive(Clone, Debug)]
struct Attempt {
    key: String,
    amount: u64,
}

/// What one payer knows.
#[derive(Debug, Default)]
struct Memory {
    /// Minor units of payments that the server said are done.
    paid: u64,
    /// How many they are.
    payments: u64,
    /// Sent, and the connection broke before the answer.
    cut_off: Option<Attempt>,
}

#[test]
fn fifty_kills_under_load_lose_and_double_nothing() {
    let cycles = number_from("SYCEE_KILL_CYCLES").unwrap_or(CYCLES);
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number_from("SYCEE_KILL_SEED").unwrap_or(u64::from(since_epoch.subsec_nanos()) | 1);
    println!("{cycles} cycles, SYCEE_KILL_SEED={seed}");
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let shop = founding::found(data, PAYERS);

    let mut server = Serving::start(data);
    let payers = founding::settle(server.address, &shop, FUNDS);
    let mut memories: Vec<Memory> = payers.iter().map(|_| Memory::default()).collect();
    let mut random = Random(seed);
    let (mut slowest, mut cut_off) = (Duration::ZERO, 0);
    for cycle in 0..cycles {
        let load = Load::start(server.address, &payers, &shop, memories, seed ^ cycle);
        std::thread::sleep(Duration::from_millis(20 + random.below(180)));
        server.kill();
        memories = load.join();
        server = Serving::start(data);
        assert!(server.ready_after < BACK_WITHIN, "cycle {cycle}: back after {:?}", server.ready_after);
        slowest = slowest.max(server.ready_after);
        cut_off += memories.iter().filter(|memory| memory.cut_off.is_some()).count();
        for (payer, memory) in payers.iter().zip(&mut memories) {
            repeat_what_was_cut_off(server.address, payer, &shop, memory);
            let left = founding::balance(server.address, payer);
            assert_eq!(left, FUNDS - memory.paid, "cycle {cycle}: {} has another balance", payer.login);
        }
    }
    server.kill();
    let paid: u64 = memories.iter().map(|memory| memory.paid).sum();
    let payments: u64 = memories.iter().map(|memory| memory.payments).sum();
    assert_eq!(founding::received(data, &shop), paid, "the shop has what its customers paid");
    founding::everything_adds_up(data);
    println!("{payments} payments acknowledged, {cut_off} cut off, back after at most {slowest:?}");
    assert!(payments > cycles && cut_off > 0, "the load was no load");
}

/// Payers that pay without a pause, one connection each, until their connection breaks.
struct Load {
    threads: Vec<std::thread::JoinHandle<()>>,
    memories: Arc<Vec<Mutex<Memory>>>,
    over: Arc<AtomicBool>,
}

impl Load {
    fn start(address: SocketAddr, payers: &[Payer], shop: &Shop, memories: Vec<Memory>, seed: u64) -> Self {
        let memories: Arc<Vec<Mutex<Memory>>> = Arc::new(memories.into_iter().map(Mutex::new).collect());
        let over = Arc::new(AtomicBool::new(false));
        let threads = payers.iter().cloned().enumerate().map(|(index, payer)| {
            let (memories, over, shop) = (Arc::clone(&memories), Arc::clone(&over), shop.clone());
            let mut random = Random(seed.wrapping_mul(31).wrapping_add(index as u64) | 1);
            std::thread::spawn(move || {
                let mut memory = memories[index].lock().unwrap();
                let Ok(mut connection) = Connection::open(address, &payer.credential) else { return };
                while !over.load(Ordering::Relaxed) && pay(&mut connection, &shop, &mut memory, &mut random) {
                }
            })
        });
        Self { threads: threads.collect(), memories, over }
    }

    fn join(self) -> Vec<Memory> {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("every answer was an expected one");
        }
        let memories = Arc::into_inner(self.memories).expect("all threads have ended");
        memories.into_iter().map(|memory| memory.into_inner().unwrap()).collect()
    }
}

/// One payment under a new key; `false` when the connection broke.
fn pay(connection: &mut Connection, shop: &Shop, memory: &mut Memory, random: &mut Random) -> bool {
    let attempt = Attempt {
        key: format!("{:016x}{:016x}", random.next(), random.next()),
        amount: 1 + random.below(500),
    };
    match send(connection, shop, &attempt) {
        Ok(answer) => {
            assert_eq!(answer.status, 201, "a payment within the balance is done: {answer:?}");
            acknowledge(memory, &attempt);
            true
        }
        Err(_) => {
            memory.cut_off = Some(attempt);
            false
        }
    }
}

fn send(connection: &mut Connection, shop: &Shop, attempt: &Attempt) -> std::io::Result<Answer> {
    let body =
        json!({ "merchant": shop.merchant, "amount": attempt.amount, "currency": "CNY", "memo": "kill" });
    connection.post("/api/v1/payments", Some(&attempt.key), &body)
}

fn acknowledge(memory: &mut Memory, attempt: &Attempt) {
    memory.paid += attempt.amount;
    memory.payments += 1;
}

/// Sends the cut-off payment again with its key, three times: one final answer, the same each time.
fn repeat_what_was_cut_off(address: SocketAddr, payer: &Payer, shop: &Shop, memory: &mut Memory) {
    let Some(attempt) = memory.cut_off.take() else { return };
    let mut connection = Connection::open(address, &payer.credential).unwrap();
    let answers: Vec<Answer> = (0..3).map(|_| send(&mut connection, shop, &attempt).unwrap()).collect();
    let first = &answers[0];
    match first.status {
        201 => acknowledge(memory, &attempt),
        // Recorded but not decided when the server died: refused for ever, and nothing moved.
        422 => {
            let reason = first.body["reason"].as_str().unwrap_or_default();
            assert!(["interrupted", "refused_earlier"].contains(&reason), "{first:?}");
        }
        status => panic!("the repetition of a cut-off payment answered {status}: {first:?}"),
    }
    assert!(answers.iter().all(|answer| answer.status == first.status), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.body == first.body), "{answers:?}");
}

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Xorshift: moments and amounts need no better randomness, only a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
