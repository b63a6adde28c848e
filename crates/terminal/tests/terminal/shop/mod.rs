//! A shop with a terminal, its security module, cards and an issuer: what the tests of the terminal play with.

pub(crate) mod issuer;

use card_reader::in_process::InProcess;
use card_reader::reader::{Reader, ReaderError};
use globalplatform::apdu::{Command, Response};
use messages::card::Seconds;
use pki::{KeyPair, SubjectId};
use purse::{
    amount::Amount,
    ep::{Application, Contents, FileKind, FileLayout, Limits, Personalisation, Profile, Which},
    fields::{Asn, DateTime, Kind, Random, Sequence, TerminalId, Terms},
    key_table::KeyRecord,
    pboc::{
        key::{Algorithm, Dck, Dgk, Dlk, Dpk, Dsk, Dtk, Dulk, Key, Purpose},
        session::SessionKey,
        transaction,
    },
    psam::{ModuleContents, ModulePersonalisation, SecurityModule},
    simulated::SimulatedNvm,
};
use terminal::{
    book::State,
    clock::Now,
    debit::Receipt,
    entry::{List, SaleId},
    refusal::Failure,
    sale::{Sale, Shortfall},
    security_module::ModuleProfile,
    simulated_disk::SimulatedDisk,
    terminal::{Circumstances, Network, Settings, Terminal},
};

pub(crate) type Memory = SimulatedNvm<1024>;
pub(crate) type Card = Application<Memory>;
pub(crate) type Module = SecurityModule<Memory>;
pub(crate) type Field = InProcess<Card>;
pub(crate) type Till = Terminal<SimulatedDisk, InProcess<Module>>;

pub(crate) const AID: [u8; 9] = [0xA0, 0, 0, 0, 3, 0x86, 0x98, 7, 1];
pub(crate) const CARD_ISSUER: [u8; 8] = [0x07, 0x92, 0x80, 0, 0, 0, 1, 0x45];
pub(crate) const UTC: u64 = 1_795_000_000;

/// The master key of a purpose.
pub(crate) fn master<P: Purpose>() -> Key<P> {
    let mut bytes = [0x10; 16];
    (bytes[0], bytes[15]) = (P::USAGE, 0x77);
    Key::new(bytes)
}

pub(crate) fn asn(number: u8) -> Asn {
    Asn([0, 0, 0x20, 0x16, 0x12, 0x21, 0, 0, 0x10, number])
}

pub(crate) fn own_key<P: Purpose>(card: &Asn) -> Key<P> {
    master::<P>().diversified(Algorithm::TripleDes, card.factor())
}

pub(crate) fn public_information(card: &Asn) -> [u8; 30] {
    let mut content = [0; 30];
    content[..8].copy_from_slice(&CARD_ISSUER);
    content[8..10].copy_from_slice(&[1, 1]);
    content[10..20].copy_from_slice(&card.0);
    content[20..28].copy_from_slice(&[0x20, 0x26, 0x01, 0x01, 0x20, 0x27, 0x12, 0x31]);
    content
}

/// A card with its own keys of a version, without value.
pub(crate) fn empty_card(number: u8, key_version: u8) -> Card {
    let card = asn(number);
    let (dpk, dtk, dck): (Dpk, Dtk, Dck) = (own_key(&card), own_key(&card), own_key(&card));
    let (dlk, dsk, dgk): (Dlk, Dsk, Dgk) = (own_key(&card), own_key(&card), own_key(&card));
    let dulk: Dulk = own_key(&card);
    let keys = [
        KeyRecord::new(&dlk, 1, 1, 0),
        KeyRecord::new(&dulk, 1, 1, 0),
        KeyRecord::new(&dpk, 1, key_version, 0),
        KeyRecord::new(&dtk, 1, 1, 0),
        KeyRecord::new(&dck, 1, key_version, 0),
        KeyRecord::new(&dsk, 1, 1, 0),
        KeyRecord::new(&dgk, 1, 1, 0),
    ];
    let trips = FileLayout { sfi: 0x1A, kind: FileKind::Records, record_bytes: 128, records: 1 };
    let with = Personalisation {
        profile: Profile { load_needs_pin: false, ..Profile::FMCOS },
        aid: &AID,
        file_identifier: [0x10, 1],
        public_information: public_information(&card),
        keys: &keys,
        pin: (&[0x12, 0x34], 3),
        files: &[trips],
        limits: Limits::NONE,
        currencies: [[0; 2]; 4],
    };
    let mut contents = Contents::personalised(&with).unwrap();
    contents.files_mut().fill(0x1A, 1, &[0x01]).unwrap();
    Application::install(Memory::new(), contents).unwrap()
}

/// A card that holds so much.
pub(crate) fn card(number: u8, balance: u32) -> Card {
    let mut card = empty_card(number, 1);
    if balance > 0 {
        load(&mut card, balance);
    }
    card
}

fn send(card: &mut Card, header: [u8; 4], data: &[&[u8]]) -> Vec<u8> {
    let data = data.concat();
    let command = Command::new(header, &data, Some(256)).unwrap();
    let response = card.step(&command, [0x42; 8]).unwrap();
    card.mirror().unwrap();
    assert!(response.status().is_success(), "{}", response.status());
    response.data().to_vec()
}

/// The issuer loads a card.
pub(crate) fn load(card: &mut Card, amount: u32) {
    let (desk, when) = (TerminalId([9; 6]), DateTime([0x20, 0x26, 0x11, 0x20, 0, 0, 0]));
    send(card, [0x00, 0xA4, 0x04, 0x00], &[&AID]);
    let begun = send(card, [0x80, 0x50, 0, 2], &[&[1], &amount.to_be_bytes(), &desk.0]);
    let part = |at: usize| begun[at..].first_chunk::<4>().copied().unwrap();
    let terms = Terms { amount: Amount::new(amount), kind: Kind::LoadPurse, terminal: desk };
    let key: Dlk = own_key(&card.contents().asn());
    let sequence = Sequence::from_bytes([begun[4], begun[5]]);
    let session = SessionKey::online(&key, Algorithm::TripleDes, Random(part(8)), sequence);
    let mac2 = transaction::load_mac2(&session, &terms, &when);
    send(card, [0x80, 0x52, 0, 0], &[&when.0, &mac2.0]);
}

/// The issuer puts a token on a card.
pub(crate) fn put(card: &mut Card, header: [u8; 4], token: &[u8]) {
    send(card, [0x00, 0xA4, 0x04, 0x00], &[&AID]);
    send(card, header, &[token]);
}

pub(crate) fn balance(card: &Card) -> u32 {
    card.contents().pocket(Which::Purse).balance.units()
}

/// What a field's card holds.
pub(crate) fn held(field: &Field) -> u32 {
    balance(field.device().unwrap())
}

pub(crate) fn module(number: u8, ceiling: u32) -> InProcess<Module> {
    module_with(number, ceiling, &[1])
}

/// A module that has these versions of the key that makes TACs. The first is the one that cards have.
pub(crate) fn module_with(number: u8, ceiling: u32, code_keys: &[u8]) -> InProcess<Module> {
    let (dpk, dck): (Dpk, Dck) = (master(), master());
    let mut keys = vec![
        KeyRecord::new(&dpk, 0x22, 1, 0),
        KeyRecord::new(&dpk, 0x22, 2, 0),
        KeyRecord::new(&dck, 0x22, 1, 0),
    ];
    for (place, version) in code_keys.iter().enumerate() {
        let dtk: Dtk = if place == 0 { master() } else { Dtk::new([*version; 16]) };
        keys.push(KeyRecord::new(&dtk, 0x22, *version, 0));
    }
    let with = ModulePersonalisation {
        file_identifier: [0xDF, 0x01],
        serial: [0x51; 10],
        terminal: TerminalId([0x36, 0x04, 0x86, 0x60, 0, number]),
        keys: &keys,
        sm4_algorithm: None,
        minimum_version: 1,
        ceiling: Amount::new(ceiling),
        tries: 5,
    };
    let contents = ModuleContents::personalised(&with).unwrap();
    InProcess::new(Module::install(Memory::new(), contents).unwrap(), 77 + u64::from(number))
}

pub(crate) fn issuer_key() -> KeyPair {
    KeyPair::from_seed(&[0x15; 32])
}

pub(crate) fn settings() -> Settings {
    Settings {
        aid: AID.to_vec(),
        module: ModuleProfile { file_identifier: [0xDF, 0x01], levels: 1 },
        issuer: SubjectId([7; 16]),
        issuer_key: issuer_key().public(),
        key: KeyPair::from_seed(&[0x7E; 32]),
        idle_days_max: 60,
        done_days: 1,
        open_days: 7,
    }
}

/// A time of 22 November 2026.
pub(crate) fn now(hour: u8, minute: u8) -> Now {
    let bcd = |number: u8| number / 10 * 16 + number % 10;
    let local = DateTime([0x20, 0x26, 0x11, 0x22, bcd(hour), bcd(minute), 0]);
    Now { local, utc: Seconds(UTC + u64::from(hour) * 3_600 + u64::from(minute) * 60) }
}

pub(crate) fn at(hour: u8, minute: u8) -> Circumstances {
    Circumstances { now: now(hour, minute), network: Network::Down }
}

pub(crate) fn sale(id: u8, amount: u32) -> Sale {
    Sale { id: SaleId([id; 16]), amount: Amount::new(amount), shortfall: Shortfall::Refuse }
}

pub(crate) fn start(disk: SimulatedDisk, module: InProcess<Module>) -> Till {
    Till::start(disk, module, settings()).map_err(|(error, _, _)| error).unwrap()
}

/// A terminal that has its lists.
pub(crate) fn till(number: u8) -> Till {
    let mut till = start(SimulatedDisk::new(), module(number, 10_000_000));
    till.take_list(List::Parameters, &issuer::parameters(1), &now(8, 0)).unwrap();
    till.take_list(List::Status, &issuer::status_list(1, &[]), &now(8, 0)).unwrap();
    till
}

/// Power goes and comes back: of the terminal, its disk and its module.
pub(crate) fn restart(till: Till) -> Till {
    let (mut disk, mut module) = till.stop();
    disk.restart();
    module.power_off();
    module.device_mut().unwrap().nvm_mut().restore_power();
    start(disk, module)
}

pub(crate) fn field(card: Card, seed: u64) -> Field {
    InProcess::new(card, seed)
}

/// The card leaves the field and is held to it again.
pub(crate) fn hold_again(field: &mut Field) {
    let mut card = field.remove().unwrap();
    card.nvm_mut().restore_power();
    field.insert(card);
}

/// What a terminal says of debits: done less given back, and what is unknown, in units.
pub(crate) fn sums(till: &Till) -> (i64, i64) {
    let (mut done, mut unknown) = (0, 0);
    for record in till.book().records() {
        let sign = if record.intent.kind == Kind::Cancel { -1 } else { 1 };
        let amount = i64::from(record.intent.amount.units()) * sign;
        match record.state {
            State::Done(_) => done += amount,
            State::Open(_) | State::MovedOn(_) => unknown += amount,
            State::NotDone(_) => {}
        }
    }
    (done, unknown)
}

/// When a card leaves the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// Before it gets the command of this number.
    Before(u32),
    /// After it carried the command out, before its answer arrives.
    After(u32),
}

/// A field that its card leaves in the middle of an exchange.
#[derive(Debug)]
pub(crate) struct Restless<'f> {
    pub(crate) field: &'f mut Field,
    pub(crate) leaves: Leaves,
    sent: u32,
}

impl<'f> Restless<'f> {
    pub(crate) fn new(field: &'f mut Field, leaves: Leaves) -> Self {
        Self { field, leaves, sent: 0 }
    }
}

impl Reader for Restless<'_> {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        self.field.is_card_present()
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        self.field.power_on()
    }

    fn power_off(&mut self) {
        self.field.power_off();
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        let number = self.sent;
        self.sent += 1;
        match self.leaves {
            Leaves::Before(at) if at <= number => {
                self.field.power_off();
                Err(ReaderError::Lost)
            }
            Leaves::After(at) if at == number => {
                self.field.transmit(command)?;
                self.field.power_off();
                Err(ReaderError::Lost)
            }
            _ => self.field.transmit(command),
        }
    }
}

#[track_caller]
pub(crate) fn refused(outcome: Result<Receipt, Failure>) -> terminal::refusal::Refusal {
    match outcome {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
