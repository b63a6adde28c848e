//! Taps through PC/SC whose wire is cut, or whose card is killed.

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use card_reader::{pcsc_reader::PcscReader, reader::Reader};
use globalplatform::apdu;
use purse::amount::Amount;
use tempfile::TempDir;
use virtual_card::{
    example,
    reader::daemon::{Daemon, Slot, slot_name},
    tap::{Attempt, Recovered, Sale, TapError, recover, tap},
};

use crate::{
    accounts::Accounts,
    card_process::CardProcess,
    made::{self, WHEN, balance, load, select_module, select_purse},
    wire::{Moment, Wire},
};

/// Readers whose wires are cut at the same time.
const PAIRS: usize = 6;
/// All pairs together do more than 2,000.
const TAPS: u32 = 335;
/// One tap of so many is cut.
const CUT_EVERY: u32 = 11;
const KILLS: u32 = 24;
const LOAD: Amount = Amount::new(60_000);
const PATIENCE: Duration = Duration::from_secs(20);

/// A card and a security module in the two slots of a reader, and their terminal.
pub(crate) struct Pair {
    number: u32,
    pub(crate) card: PcscReader,
    pub(crate) module: PcscReader,
    pub(crate) card_process: CardProcess,
    _module_process: CardProcess,
    wires: Option<[Wire; 2]>,
    reader: usize,
    _folder: TempDir,
}

impl Pair {
    /// Makes both and puts them into a reader, by wires that can be cut or directly.
    pub(crate) fn plug(daemon: &Daemon, reader: usize, has_wires: bool) -> Self {
        let number = u32::try_from(reader).unwrap() + 1;
        let ports = [Slot::Card, Slot::Module].map(|slot| daemon.port(reader, slot));
        let wires = has_wires.then(|| ports.map(Wire::to));
        let [card_port, module_port] = wires.as_ref().map_or(ports, |wires| wires.each_ref().map(Wire::port));
        let folder = tempfile::tempdir_in(daemon.folder()).unwrap();
        let start = |file: &str, text: String, port| {
            let path = folder.path().join(file).with_extension("json");
            fs::write(&path, text).unwrap();
            CardProcess::start(&path, port)
        };
        let card_process = start("card", made::card_file(number), card_port);
        let module_process = start("module", made::module_file(), module_port);
        let [card, module] = slots(reader);
        let _module_process = module_process;
        let mut pair =
            Self { number, card, module, card_process, _module_process, wires, reader, _folder: folder };
        pair.power_up();
        pair
    }

    /// Asks a new pcscd for the slots.
    pub(crate) fn look_for_readers(&mut self) {
        [self.card, self.module] = slots(self.reader);
    }

    /// Lets others have card and module.
    pub(crate) fn let_go(&mut self) {
        self.card.power_off();
        self.module.power_off();
    }

    pub(crate) fn power_up(&mut self) {
        let end = Instant::now() + PATIENCE;
        while !self.try_to_power_up() {
            assert!(Instant::now() < end, "card and module do not come back");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn try_to_power_up(&mut self) -> bool {
        let are_there = [&mut self.card, &mut self.module].map(|slot| slot.wait_for_card(PATIENCE));
        are_there.iter().all(Result::is_ok)
            && is_answered(&mut self.card, "80CA006600")
            && is_answered(&mut self.module, "00A4000002DF01")
    }

    pub(crate) fn top_up(&mut self, accounts: &mut Accounts) {
        select_purse(&mut self.card);
        load(&mut self.card, &example::asn(self.number), LOAD);
        accounts.load(LOAD);
    }

    pub(crate) fn balance(&mut self) -> Amount {
        select_purse(&mut self.card);
        balance(&mut self.card)
    }

    /// Sells, and finds out what became of it whatever happens.
    fn sell(&mut self, sale: &Sale, is_cut: bool, accounts: &mut Accounts) {
        match tap(&mut self.card, &mut self.module, &example::TILL, sale) {
            Ok(receipt) => accounts.book(&receipt),
            Err(TapError::Unproved(attempt)) => self.find_out(&attempt, accounts),
            // Half an answer leads to a wrong key or number, which card or module refuse.
            Err(TapError::Gone | TapError::Refused(..) | TapError::Malformed(_)) if is_cut => self.power_up(),
            Err(error) => panic!("a good card at a good terminal: {error}"),
        }
    }

    fn find_out(&mut self, attempt: &Attempt, accounts: &mut Accounts) {
        loop {
            self.power_up();
            match recover(&mut self.card, &mut self.module, &example::TILL, attempt) {
                Ok(Recovered::Paid(receipt)) => {
                    accounts.proved += 1;
                    return accounts.book(&receipt);
                }
                Ok(Recovered::NotPaid) => return accounts.unpaid += 1,
                Err(TapError::Gone) => {}
                other => panic!("nothing happened to the card since: {other:?}"),
            }
        }
    }
}

fn is_answered(reader: &mut PcscReader, command: &str) -> bool {
    reader.transmit(&apdu::Command::parse(&made::bytes(command)).unwrap()).is_ok()
}

fn slots(reader: usize) -> [PcscReader; 2] {
    [Slot::Card, Slot::Module].map(|slot| PcscReader::open(&slot_name(reader, slot)).unwrap())
}

/// Every message of a tap: three commands of the card and two of the module, each at three moments.
const POSITIONS: usize = 5 * Moment::ALL.len();

impl Pair {
    fn plan(&self, position: usize) -> &Wire {
        let [card, module] = self.wires.as_ref().unwrap();
        let (command, moment) = (position / 3, Moment::ALL[position % 3]);
        let (wire, command) = if command < 3 { (card, command) } else { (module, command - 3) };
        wire.cut_at(u32::try_from(command).unwrap(), moment);
        wire
    }

    fn run_with_cuts(&mut self, first_position: usize) -> (Accounts, u32) {
        let mut accounts = Accounts::default();
        select_module(&mut self.module);
        self.top_up(&mut accounts);
        let mut cuts = 0;
        for number in 0..TAPS {
            let sale = Sale { amount: Amount::new(1 + number % 97), when: WHEN };
            let is_cut = number % CUT_EVERY == 3;
            if is_cut {
                self.plan((first_position + cuts as usize) % POSITIONS);
                cuts += 1;
            }
            self.sell(&sale, is_cut, &mut accounts);
            let [card, module] = self.wires.as_ref().unwrap();
            assert!(card.is_cut() && module.is_cut(), "the wire was not cut");
        }
        accounts.assert_add_up(self.balance());
        (accounts, cuts)
    }
}

pub(crate) fn cut_at_every_message(daemon: &mut Daemon) {
    let daemon = &*daemon;
    let results: Vec<(Accounts, u32)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..PAIRS)
            .map(|reader| scope.spawn(move || Pair::plug(daemon, reader, true).run_with_cuts(reader * 7)))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |of: fn(&(Accounts, u32)) -> usize| results.iter().map(of).sum::<usize>();
    let cuts = sum(|(_, cuts)| *cuts as usize);
    let (debits, proved) = (sum(|(accounts, _)| accounts.debits()), sum(|(accounts, _)| accounts.proved));
    let unpaid = sum(|(accounts, _)| accounts.unpaid);
    println!(
        "{} taps, {cuts} cut: {debits} debits, of which {proved} were found by a proof; {unpaid} attempts had not paid",
        PAIRS * TAPS as usize
    );
    assert!(PAIRS * TAPS as usize >= 2_000 && cuts >= PAIRS * POSITIONS);
    assert!(proved > 0 && unpaid > 0, "the cuts did not reach the debit");
}

/// The card's process is killed with SIGKILL at a moment of a tap, and started again with the same memory.
pub(crate) fn killed(daemon: &mut Daemon) {
    let reader = PAIRS;
    let mut pair = Pair::plug(daemon, reader, false);
    let mut accounts = Accounts::default();
    pair.top_up(&mut accounts);
    let mut hits = 0;
    for number in 0..KILLS {
        let id = pair.card_process.id();
        let delay = Duration::from_micros(u64::from(number * 97 % 1_500));
        let killer = thread::spawn(move || {
            thread::sleep(delay);
            let killed = Command::new("kill").args(["-9", &id.to_string()]).status();
            assert!(killed.unwrap().success());
        });
        let sale = Sale { amount: Amount::new(1 + number), when: WHEN };
        let before = accounts.debits();
        loop {
            match tap(&mut pair.card, &mut pair.module, &example::TILL, &sale) {
                Ok(receipt) => accounts.book(&receipt),
                Err(error @ (TapError::Gone | TapError::Unproved(_))) => {
                    killer.join().unwrap();
                    pair.card_process.kill_and_start_again();
                    if let TapError::Unproved(attempt) = error {
                        hits += 1;
                        pair.find_out(&attempt, &mut accounts);
                    } else {
                        pair.power_up();
                    }
                    break;
                }
                Err(error) => panic!("a good card at a good terminal: {error}"),
            }
        }
        assert!(accounts.debits() >= before);
    }
    println!("{KILLS} kills, {hits} of them in the debit, {} debits", accounts.debits());
    accounts.assert_add_up(pair.balance());
}
