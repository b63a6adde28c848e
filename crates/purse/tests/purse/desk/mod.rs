//! A desk with a card, an issuer's host and a security module that knows the keys: what the tests of the purse play with.

pub(crate) mod counter;
pub(crate) mod more;

use globalplatform::apdu::Command;
use purse::{
    amount::Amount,
    ep::{Application, Contents, FileKind, FileLayout, Limits, Personalisation, Profile, Which},
    fields::{DateTime, Kind, Mac, Random, Sequence, TerminalId, TerminalTransaction, Terms},
    journal::OpenError,
    key_table::KeyRecord,
    nvm::Fault,
    pboc::{
        key::{self, Algorithm, Damk, Dck, Dgk, Dlk, Dmk, Dpk, Dpuk, Drpk, Dsk, Dtk, Duk, Dulk, Dxk, Key},
        session::SessionKey,
        transaction,
    },
    simulated::{SimulatedNvm, Tear},
};

pub(crate) const WORDS: usize = 1024;
pub(crate) type Memory = SimulatedNvm<WORDS>;
pub(crate) type Card = Application<Memory>;

pub(crate) const AID: [u8; 9] = [0xA0, 0, 0, 0, 3, 0x86, 0x98, 7, 1];
pub(crate) const TERMINAL: TerminalId = TerminalId([0x36, 0x04, 0x86, 0x60, 0, 2]);
pub(crate) const WHEN: DateTime = DateTime([0x20, 0x26, 0x11, 0x22, 0x13, 0x30, 0x00]);
pub(crate) const PIN: [u8; 3] = [0x12, 0x34, 0x56];

/// A key that is different for each purpose.
pub(crate) fn key<P: key::Purpose>() -> Key<P> {
    let mut bytes = [0x10; 16];
    bytes[0] = P::USAGE;
    bytes[15] = 0x77;
    Key::new(bytes)
}

pub(crate) fn keys() -> Vec<KeyRecord> {
    let (dlk, dpk, dulk, duk, dtk): (Dlk, Dpk, Dulk, Duk, Dtk) = (key(), key(), key(), key(), key());
    let (damk, dpuk, drpk): (Damk, Dpuk, Drpk) = (key(), key(), key());
    let (dck, dxk, dmk, dsk, dgk): (Dck, Dxk, Dmk, Dsk, Dgk) = (key(), key(), key(), key(), key());
    vec![
        KeyRecord::new(&dlk, 1, 0, 0),
        KeyRecord::new(&dpk, 1, 1, 0),
        KeyRecord::new(&dulk, 1, 0, 0),
        KeyRecord::new(&duk, 1, 0, 0),
        KeyRecord::new(&dtk, 1, 0, 0),
        KeyRecord::new(&damk, 1, 0, 0),
        KeyRecord::new(&dpuk, 1, 0, 0),
        KeyRecord::new(&drpk, 1, 0, 0),
        KeyRecord::new(&dck, 1, 0, 0),
        KeyRecord::new(&dxk, 1, 0, 0),
        KeyRecord::new(&dmk, 1, 0, 0),
        KeyRecord::new(&dsk, 1, 0, 0),
        KeyRecord::new(&dgk, 1, 0, 0),
    ]
}

pub(crate) const FILES: [FileLayout; 4] = [
    FileLayout { sfi: 0x16, kind: FileKind::Transparent, record_bytes: 39, records: 1 },
    FileLayout { sfi: 0x19, kind: FileKind::Records, record_bytes: 43, records: 2 },
    FileLayout { sfi: 0x1A, kind: FileKind::Records, record_bytes: 128, records: 1 },
    FileLayout { sfi: 0x1E, kind: FileKind::Cyclic, record_bytes: 48, records: 4 },
];

pub(crate) const LIMITS: Limits = Limits { balance_max: Amount::new(100_000), ..Limits::NONE };

pub(crate) fn profile() -> Profile {
    Profile { load_needs_pin: false, deposit_needs_pin: false, ..Profile::FMCOS }
}

pub(crate) fn contents(profile: Profile, limits: Limits) -> Contents {
    let keys = keys();
    let mut public_information = [0x11; 30];
    public_information[10..20].copy_from_slice(&ASN);
    let with = Personalisation {
        profile,
        aid: &AID,
        file_identifier: [0x10, 0x01],
        public_information,
        keys: &keys,
        pin: (&PIN, 3),
        files: &FILES,
        limits,
        currencies: [[0x01, 0x56], [0x08, 0x40], [0; 2], [0; 2]],
    };
    let mut contents = Contents::personalised(&with).unwrap();
    contents.files_mut().fill(0x19, 1, &[0xAA, 0x29, 0x00]).unwrap();
    contents.files_mut().fill(0x19, 2, &[0xBB, 0x29, 0x00]).unwrap();
    contents.files_mut().fill(0x1A, 1, &[0x01]).unwrap();
    contents
}

pub(crate) const ASN: [u8; 10] = [0, 0, 0x20, 0x16, 0x12, 0x21, 0, 0, 0x10, 0x03];

/// What a card answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) data: Vec<u8>,
    pub(crate) status: u16,
}

impl Answer {
    pub(crate) fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        self.data[at..at + N].try_into().unwrap()
    }

    /// The data, where the card said 9000.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 0x9000);
        self
    }
}

/// What was done: the codes that the issuer computed and the card gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) kind: Kind,
    pub(crate) sequence: Sequence,
    pub(crate) mac: [u8; 4],
    pub(crate) tac: [u8; 4],
}

/// A card on the desk.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) card: Card,
    pub(crate) random: u64,
    /// The security module's transaction number.
    pub(crate) transaction: u32,
    pub(crate) terminal: TerminalId,
    pub(crate) when: DateTime,
    /// Every command that was sent.
    pub(crate) sent: Vec<Vec<u8>>,
    /// How many writes the last answer waited for.
    pub(crate) writes_before_answer: u32,
    /// Whether power went after the last answer.
    pub(crate) is_mirroring_torn: bool,
    /// What the last transaction will be proved by, once the card has done it.
    pub(crate) expected: Option<Done>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(profile(), LIMITS)
    }

    pub(crate) fn with(profile: Profile, limits: Limits) -> Self {
        let card = Application::install(Memory::new(), contents(profile, limits)).unwrap();
        let mut desk = Self {
            card,
            random: 0x0123_4567,
            transaction: 7,
            terminal: TERMINAL,
            when: WHEN,
            sent: Vec::new(),
            writes_before_answer: 0,
            is_mirroring_torn: false,
            expected: None,
        };
        desk.select().unwrap();
        desk
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<Answer, Fault> {
        self.sent.push(bytes.to_vec());
        self.random = self.random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        let command = match Command::parse(bytes) {
            Ok(command) => command,
            Err(error) => return Ok(Answer { data: vec![], status: error.status().0 }),
        };
        let writes = self.card.nvm().writes();
        let response = self.card.step(&command, self.random.rotate_left(23).to_be_bytes())?;
        self.writes_before_answer = self.card.nvm().writes() - writes;
        // The answer has left; power may go while the card mirrors its state, and then the next command is not answered.
        self.is_mirroring_torn = self.card.mirror().is_err();
        Ok(Answer { data: response.data().to_vec(), status: response.status().0 })
    }

    pub(crate) fn apdu(&mut self, header: [u8; 4], data: &[&[u8]]) -> Result<Answer, Fault> {
        let data = data.concat();
        let mut bytes = header.to_vec();
        if !data.is_empty() {
            bytes.push(u8::try_from(data.len()).unwrap());
            bytes.extend_from_slice(&data);
        }
        bytes.push(0);
        self.send(&bytes)
    }

    pub(crate) fn select(&mut self) -> Result<Answer, Fault> {
        Ok(self.apdu([0x00, 0xA4, 0x04, 0x00], &[&AID])?.ok())
    }

    /// Power goes and comes back; the recovery is cut as planned, one plan after the other.
    pub(crate) fn power_cycle(&mut self, cuts: &[(u32, Tear)]) -> Result<(), OpenError> {
        let mut nvm = self.card.clone().power_off();
        for (at, tear) in cuts {
            nvm.restore_power();
            nvm.cut_at(*at, *tear);
            nvm = match Card::power_on(nvm) {
                Ok(card) => card.power_off(),
                Err((OpenError::PowerLost, nvm)) => nvm,
                Err((error, _)) => return Err(error),
            };
        }
        nvm.restore_power();
        self.card = Card::power_on(nvm).map_err(|(error, _)| error)?;
        self.select().unwrap();
        Ok(())
    }

    pub(crate) fn contents(&self) -> &Contents {
        self.card.contents()
    }

    pub(crate) fn balance(&self, which: Which) -> u32 {
        self.contents().pocket(which).balance.units()
    }

    /// All value of the holder on the card, in the currency of the purse, at seven to one of each other.
    pub(crate) fn value(&self) -> i64 {
        let further: i64 =
            self.contents().currencies().iter().map(|(_, balance)| i64::from(balance.units()) * 7).sum();
        self.contents().pocket(Which::Deposit).own_value()
            + self.contents().pocket(Which::Purse).own_value()
            + further
    }

    /// GET TRANSACTION PROVE for what was expected; whether the card did it.
    pub(crate) fn is_proved(&mut self, done: &Done) -> bool {
        let after = done.sequence.0 + 1;
        let answer = self.apdu([0x80, 0x5A, 0x00, done.kind.byte()], &[&after.to_be_bytes()]).unwrap();
        if answer.status == 0x9406 {
            return false;
        }
        let answer = answer.ok();
        (answer.part(0), answer.part(4)) == (done.mac, done.tac)
    }

    pub(crate) fn codes(&self) -> SessionKey {
        SessionKey::of_transaction_codes(&key(), Algorithm::TripleDes)
    }

    pub(crate) fn p2(which: Which) -> u8 {
        if which == Which::Deposit { 1 } else { 2 }
    }

    pub(crate) fn terms(&self, amount: u32, kind: Kind) -> Terms {
        Terms { amount: Amount::new(amount), kind, terminal: self.terminal }
    }

    pub(crate) fn initialise(&mut self, p1: u8, p2: u8, amount: u32) -> Result<Answer, Fault> {
        let terminal = self.terminal;
        self.apdu([0x80, 0x50, p1, p2], &[&[1], &amount.to_be_bytes(), &terminal.0])
    }

    /// The data of CREDIT FOR LOAD for the answer to an initialisation.
    pub(crate) fn sign_load(&mut self, begun: &Answer, amount: u32, kind: Kind) -> [u8; 11] {
        let terms = self.terms(amount, kind);
        let old = Amount::from_bytes(begun.part(0));
        let sequence = Sequence::from_bytes(begun.part(4));
        let session =
            SessionKey::online::<key::Load>(&key(), Algorithm::TripleDes, Random(begun.part(8)), sequence);
        assert_eq!(transaction::load_mac1(&session, old, &terms), Mac(begun.part(12)));
        let mac2 = transaction::load_mac2(&session, &terms, &self.when);
        let new = old.checked_add(terms.amount).unwrap_or(Amount::MAX);
        let tac = transaction::load_tac(&self.codes(), new, sequence, &terms, &self.when).0.0;
        self.expected = Some(Done { kind, sequence, mac: [0; 4], tac });
        [&self.when.0[..], &mac2.0].concat().try_into().unwrap()
    }

    pub(crate) fn load(&mut self, which: Which, amount: u32) -> Result<Done, Fault> {
        self.expected = None;
        let begun = self.initialise(0x00, Self::p2(which), amount)?.ok();
        let kind = if which == Which::Deposit { Kind::LoadDeposit } else { Kind::LoadPurse };
        let data = self.sign_load(&begun, amount, kind);
        let answer = self.apdu([0x80, 0x52, 0x00, 0x00], &[&data])?.ok();
        let done = self.expected.unwrap();
        assert_eq!(answer.part(0), done.tac);
        Ok(done)
    }

    /// The data of a debit for the answer to an initialisation, as a security module with a key of `P` makes it.
    pub(crate) fn sign_debit<P: key::Purpose>(
        &mut self,
        begun: &Answer,
        amount: u32,
        kind: Kind,
    ) -> [u8; 15] {
        let terms = self.terms(amount, kind);
        let sequence = Sequence::from_bytes(begun.part(4));
        let number = TerminalTransaction(self.transaction);
        self.transaction = self.transaction.wrapping_add(1);
        let random = Random(begun.part(11));
        let session = SessionKey::offline::<P>(&key(), Algorithm::TripleDes, random, sequence, number);
        let mac1 = transaction::purchase_mac1(&session, &terms, &self.when);
        let mac = transaction::purchase_mac2(&session, terms.amount).0;
        let tac = transaction::purchase_tac(&self.codes(), &terms, number, &self.when).0.0;
        self.expected = Some(Done { kind, sequence, mac, tac });
        [&number.to_bytes()[..], &self.when.0, &mac1.0].concat().try_into().unwrap()
    }

    pub(crate) fn debit(&mut self, begun: &Answer, amount: u32, kind: Kind) -> Result<Done, Fault> {
        let data = self.sign_debit::<key::Purchase>(begun, amount, kind);
        let answer = self.apdu([0x80, 0x54, 0x01, 0x00], &[&data])?.ok();
        let done = self.expected.unwrap();
        assert_eq!((answer.part(0), answer.part(4)), (done.tac, done.mac));
        Ok(done)
    }

    pub(crate) fn purchase(&mut self, which: Which, amount: u32) -> Result<Done, Fault> {
        self.expected = None;
        let begun = self.initialise(0x01, Self::p2(which), amount)?.ok();
        let kind = if which == Which::Deposit { Kind::PurchaseDeposit } else { Kind::Purchase };
        self.debit(&begun, amount, kind)
    }

    pub(crate) fn cash(&mut self, amount: u32) -> Result<Done, Fault> {
        self.expected = None;
        let begun = self.initialise(0x02, 0x01, amount)?.ok();
        self.debit(&begun, amount, Kind::Cash)
    }

    /// A compound purchase that writes records: P1, P2 and content of each.
    pub(crate) fn compound(&mut self, amount: u32, records: &[(u8, u8, &[u8])]) -> Result<Done, Fault> {
        self.expected = None;
        let begun = self.initialise(0x03, 0x02, amount)?.ok();
        for (p1, p2, content) in records {
            self.apdu([0x80, 0xDC, *p1, *p2], &[content])?.ok();
        }
        self.debit(&begun, amount, Kind::CompoundPurchase)
    }
}
