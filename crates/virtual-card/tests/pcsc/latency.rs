//! The trap of held-back acknowledgements, and that our cards do not fall into it.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use card_reader::{pcsc_reader::PcscReader, reader::Reader};
use globalplatform::apdu::Command;
use purse::amount::Amount;
use virtual_card::{
    example,
    reader::{
        Inserted,
        daemon::{Daemon, READERS_MAX, Slot, slot_name},
    },
    tap::Sale,
    tap_time::{milliseconds, percentile, timed},
};

use crate::{
    accounts::Accounts,
    made::{self, WHEN},
    taps::Pair,
};

const TAPS: u32 = 300;

/// A card as one writes it without knowing of the trap.
fn naive_card(mut stream: TcpStream) {
    let mut card = made::fake_card();
    let mut length = [0; 2];
    while stream.read_exact(&mut length).is_ok() {
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message).unwrap();
        let answer = match message.as_slice() {
            [4] => virtual_card::vpcd::ATR.to_vec(),
            [] | [_] => continue,
            command => card.answer(command).unwrap().to_bytes().to_vec(),
        };
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        if stream.write_all(&[&length[..], &answer].concat()).is_err() {
            return;
        }
    }
}

fn time_of_commands(reader: &mut impl Reader, commands: usize) -> Duration {
    let command = Command::new([0x80, 0x5C, 0x00, 0x02], &[], Some(4)).unwrap();
    let mut times: Vec<Duration> = (0..commands)
        .map(|_| {
            let begin = Instant::now();
            reader.transmit(&command).unwrap();
            begin.elapsed()
        })
        .collect();
    percentile(&mut times, 50)
}

pub(crate) fn no_command_waits(daemon: &mut Daemon) {
    let reader = READERS_MAX - 2;
    let port = daemon.port(reader, Slot::Card);
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let scissors = stream.try_clone().unwrap();
    let naive_card = thread::spawn(move || naive_card(stream));
    let mut naive = PcscReader::open(&slot_name(reader, Slot::Card)).unwrap();
    naive.wait_for_card(Duration::from_secs(20)).unwrap();
    let trapped = time_of_commands(&mut naive, 20);
    drop(naive);
    scissors.shutdown(Shutdown::Both).unwrap();
    naive_card.join().unwrap();

    let mut pair = Pair::plug(daemon, READERS_MAX - 1, false);
    let free = time_of_commands(&mut pair.card, 500);
    let mut accounts = Accounts::default();
    pair.top_up(&mut accounts);
    let sale = Sale { amount: Amount::new(7), when: WHEN };
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..TAPS {
        let (time, receipt) = timed(&mut pair.card, &mut pair.module, &example::TILL, &sale).unwrap();
        accounts.book(&receipt);
        times.push(time);
    }
    accounts.assert_add_up(pair.balance());
    println!(
        "a command: {} ms with acknowledgements held back, {} ms at once; a tap of 5 through PC/SC: p50 {} ms, p99 {} ms",
        milliseconds(trapped),
        milliseconds(free),
        milliseconds(percentile(&mut times, 50)),
        milliseconds(percentile(&mut times, 99)),
    );
    assert!(free < Duration::from_millis(20), "commands wait for acknowledgements: {free:?}");
}
