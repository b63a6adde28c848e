use ledger::*;
use ledger_embedded::*;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::*;
fn main() {
    let dir = std::path::PathBuf::from("/tmp/sycee/tp");
    let _ = std::fs::remove_dir_all(&dir);
    let n: u128 = std::env::args().nth(1).map_or(1_000_000, |s| s.parse().unwrap());
    let t0 = Instant::now();
    let clock: Arc<Clock> = Arc::new(move || Timestamp(1 + t0.elapsed().as_nanos() as u64));
    let l = EmbeddedLedger::open(&dir, clock.clone()).unwrap();
    let ask = |r| {
        let (s, rx) = channel();
        l.submit(
            r,
            Box::new(move |a| {
                s.send(a).unwrap();
            }),
        );
        rx.recv().unwrap().unwrap()
    };
    for c in 0..2 {
        ask(Request::CreateAccounts(
            (1..=5000u128)
                .map(|i| Account {
                    id: AccountId(c * 5000 + i),
                    ledger: LedgerId(1),
                    code: Code(1),
                    flags: AccountFlags::HISTORY,
                    ..Account::default()
                })
                .collect(),
        ));
    }
    let start = Instant::now();
    let (s, rx) = channel();
    let mut id = 1u128;
    let mut inflight = 0;
    let mut rnd = 7u64;
    let mut last = start;
    let mut lat = vec![];
    while id <= n {
        let batch: Vec<Transfer> = (0..8190)
            .map(|_| {
                id += 1;
                rnd = rnd.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let d = (rnd >> 33) as u128 % 10000 + 1;
                let c = ((rnd >> 13) as u128 & 0xfffff) % 10000 + 1;
                Transfer {
                    id: TransferId(id << 64 | (rnd as u128)),
                    debit_account_id: AccountId(d),
                    credit_account_id: AccountId(if c == d { d % 10000 + 1 } else { c }),
                    amount: Amount(1),
                    ledger: LedgerId(1),
                    code: Code(1),
                    ..Transfer::default()
                }
            })
            .collect();
        let s = s.clone();
        let t = Instant::now();
        l.submit(
            Request::CreateTransfers(batch),
            Box::new(move |a| {
                a.unwrap();
                s.send(t.elapsed()).unwrap();
            }),
        );
        inflight += 1;
        while inflight > 4 {
            lat.push(rx.recv().unwrap());
            inflight -= 1;
        }
        if id % 1_000_000 < 8190 {
            eprintln!("{} {:.2}s", id, last.elapsed().as_secs_f64());
            last = Instant::now();
        }
    }
    while inflight > 0 {
        lat.push(rx.recv().unwrap());
        inflight -= 1;
    }
    let e = start.elapsed();
    lat.sort();
    println!("{:.0}/s p50 {:?} max {:?}", n as f64 / e.as_secs_f64(), lat[lat.len() / 2], lat[lat.len() - 1]);
    println!("{:?}", l.memory());
    l.close();
    drop(l);
    let o = Instant::now();
    let l = EmbeddedLedger::open(&dir, clock).unwrap();
    println!("open {:?} {:?}", o.elapsed(), l.recovery());
}
