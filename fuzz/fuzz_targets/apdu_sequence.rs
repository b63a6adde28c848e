//! Command sequences that nobody thought of, torn at any write: no value comes onto a card, and none goes, without a MAC.
#![no_main]

use globalplatform::apdu::Command;
use libfuzzer_sys::fuzz_target;
use purse::amount::Amount;
use purse::ep::{Application, Contents, FileKind, FileLayout, Limits, Personalisation, Profile, Which};
use purse::key_table::KeyRecord;
use purse::nvm::Fault;
use purse::pboc::key::{Dlk, Dpk, Dtk};
use purse::simulated::{SimulatedNvm, Tear};

type Card = Application<SimulatedNvm<1024>>;

const AID: [u8; 9] = [0xA0, 0, 0, 0, 3, 0x86, 0x98, 7, 1];

fn card() -> Card {
    let distinct = 0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF_u128;
    let (dlk, dpk) = (Dlk::new(distinct.to_be_bytes()), Dpk::new((!distinct).to_be_bytes()));
    let dtk = Dtk::new(distinct.rotate_left(8).to_be_bytes());
    let keys =
        [KeyRecord::new(&dlk, 1, 0, 0), KeyRecord::new(&dpk, 1, 1, 0), KeyRecord::new(&dtk, 1, 0, 0)];
    let contents = Contents::personalised(&Personalisation {
        profile: Profile { load_needs_pin: false, deposit_needs_pin: false, ..Profile::FMCOS },
        aid: &AID,
        file_identifier: [0x10, 0x01],
        public_information: [0x11; 30],
        keys: &keys,
        pin: (&[0x12, 0x34], 3),
        files: &[FileLayout { sfi: 0x1A, kind: FileKind::Records, record_bytes: 128, records: 1 }],
        limits: Limits { balance_max: Amount::new(100_000), ..Limits::NONE },
        currencies: [[0; 2]; 4],
    })
    .expect("the personalisation is in range");
    Application::install(SimulatedNvm::new(), contents).expect("power is there")
}

fn value(card: &Card) -> i64 {
    card.contents().pocket(Which::Deposit).own_value() + card.contents().pocket(Which::Purse).own_value()
}

fn tear(byte: u8) -> Tear {
    Tear::SAMPLES[usize::from(byte) % Tear::SAMPLES.len()]
}

/// Power comes back; recovery itself may lose it again.
fn power_cycle(card: Card, again: u8) -> Card {
    let mut nvm = card.power_off();
    nvm.restore_power();
    nvm.cut_at(u32::from(again), tear(again));
    let mut nvm = match Card::power_on(nvm) {
        Ok(card) => card.power_off(),
        Err((_, nvm)) => nvm,
    };
    nvm.restore_power();
    Card::power_on(nvm).unwrap_or_else(|(error, _)| panic!("a torn card is repaired: {error}"))
}

// Each command: a byte that says where power goes (above 200 nowhere), a length, the command.
fuzz_target!(|bytes: &[u8]| {
    let mut card = card();
    let select = Command::new([0x00, 0xA4, 0x04, 0x00], &AID, None).expect("a command of known parts");
    card.step(&select, [0; 8]).expect("power is there");
    let mut rest = bytes;
    while let [cut, length, tail @ ..] = rest {
        let (command, next) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = next;
        if *cut <= 200 {
            card.nvm_mut().cut_at(u32::from(*cut), tear(*length));
        }
        if let Ok(command) = Command::parse(command)
            && card.step(&command, [*cut; 8]) == Err(Fault::PowerLost)
        {
            card = power_cycle(card, *length);
            card.step(&select, [0; 8]).expect("power is there");
        }
        card.nvm_mut().restore_power();
        assert!(value(&card) == 0, "nobody knows a key");
    }
});
