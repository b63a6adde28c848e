//! Command sequences to a security module, torn at any write: no transaction number leaves it twice, and it never authorises
//! more than its ceiling.
#![no_main]

use std::sync::LazyLock;

use globalplatform::apdu::Command;
use libfuzzer_sys::fuzz_target;
use purse::amount::Amount;
use purse::fields::TerminalId;
use purse::key_table::KeyRecord;
use purse::nvm::Fault;
use purse::pboc::key::{Damk, Dck, Dpk, Dtk};
use purse::psam::{ModuleContents, ModulePersonalisation, SecurityModule};
use purse::simulated::{SimulatedNvm, Tear};

type Module = SecurityModule<SimulatedNvm<512>>;

const CEILING: u32 = 0x1_0000;
/// Master keys of one level of diversification.
const ONE_LEVEL: u8 = 0x22;

/// A module that authorised nothing yet.
static MODULE: LazyLock<Module> = LazyLock::new(|| {
    let keys = [
        KeyRecord::new(&Dpk::new([0x66; 16]), ONE_LEVEL, 1, 0),
        KeyRecord::new(&Dtk::new([0x67; 16]), ONE_LEVEL, 1, 0),
        KeyRecord::new(&Dck::new([0x68; 16]), ONE_LEVEL, 1, 0),
        KeyRecord::new(&Damk::new([0x69; 16]), ONE_LEVEL, 1, 0),
    ];
    let contents = ModuleContents::personalised(&ModulePersonalisation {
        file_identifier: [0xDF, 0x01],
        serial: [0x51; 10],
        terminal: TerminalId([0x36; 6]),
        keys: &keys,
        sm4_algorithm: Some(4),
        minimum_version: 1,
        ceiling: Amount::new(CEILING),
        tries: 5,
    });
    Module::install(SimulatedNvm::new(), contents.expect("the personalisation is in range")).expect("power is there")
});

fn tear(byte: u8) -> Tear {
    Tear::SAMPLES[usize::from(byte) % Tear::SAMPLES.len()]
}

fn power_cycle(module: Module) -> Module {
    let mut nvm = module.power_off();
    nvm.restore_power();
    Module::power_on(nvm).unwrap_or_else(|(error, _)| panic!("a torn module is repaired: {error}"))
}

/// A MAC1 that a till might ask for: the amount is what the byte says, in steps of a sixteenth of the ceiling.
fn authorise(byte: u8) -> Vec<u8> {
    let mut data = vec![0x80, 0x70, 0x00, 0x00, 28];
    data.extend([1, 2, 3, 4, 0, byte]);
    data.extend((u32::from(byte) << 8).to_be_bytes());
    data.extend([if byte & 1 == 0 { 0x06 } else { 0x0A }]);
    data.extend([0x20, 0x26, 0x11, 0x22, 0x13, 0x30, 0x00, 1, 0]);
    data.extend([0x11; 8]);
    data.push(0);
    data
}

// Each command: a byte that says where power goes (above 100 nowhere), a length, the command; length 255 is a good MAC1.
fuzz_target!(|bytes: &[u8]| {
    let mut module = MODULE.clone();
    let select = Command::new([0x00, 0xA4, 0x00, 0x00], &[0xDF, 0x01], None).expect("a command of known parts");
    module.step(&select, [0; 8]).expect("power is there");
    let mut last: Option<[u8; 4]> = None;
    let mut rest = bytes;
    while let [cut, length, tail @ ..] = rest {
        let (command, next) = match *length {
            255 => (authorise(tail.first().copied().unwrap_or(0)), tail.get(1..).unwrap_or_default()),
            length => {
                let (command, next) = tail.split_at(usize::from(length).min(tail.len()));
                (command.to_vec(), next)
            }
        };
        rest = next;
        if *cut <= 100 {
            module.nvm_mut().cut_at(u32::from(*cut), tear(*length ^ *cut));
        }
        let Ok(command) = Command::parse(&command) else { continue };
        let answer = module.step(&command, [*cut; 8]);
        if let Ok(response) = &answer
            && (command.cla, command.ins) == (0x80, 0x70)
            && response.status().is_success()
        {
            let number = response.data().first_chunk::<4>().copied();
            assert!(number > last, "a number leaves once");
            last = number;
        }
        if answer == Err(Fault::PowerLost) || module.mirror() == Err(Fault::PowerLost) {
            module = power_cycle(module);
            module.step(&select, [0; 8]).expect("power is there");
        }
        module.nvm_mut().restore_power();
        assert!(module.contents().authorised().units() <= CEILING);
        assert_eq!(module.contents().ceiling().units(), CEILING, "nobody can collect");
    }
});
