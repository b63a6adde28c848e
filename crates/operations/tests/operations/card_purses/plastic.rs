//! A real purse in memory that loses power, made from the personalisation file of the server.

use globalplatform::apdu::Command;
use messages::card::{AlgorithmId, Asn, IssuerId, KeyVersion, Sequence, Units};
use operations::card_purses::Direction;
use operations::card_purses::loads::{Answer, BeginLoad};
use purse::{
    amount::Amount,
    ep::{Application, Contents, Grade, Limits, Personalisation, Profile, Which},
    fields::{self, Date},
    key_table::KeyRecord,
    own,
    pboc::key::{self, Key, Purpose},
    simulated::{SimulatedNvm, Tear},
};
use serde_json::Value;
use wallet::ids::LoadOrderId;

type Memory = SimulatedNvm<1024>;
const AID: [u8; 9] = [0xA0, 0, 0, 0, 3, 0x86, 0x98, 7, 1];
/// The terminal that loads are made at.
pub(crate) const DESK: [u8; 6] = [9; 6];

/// What a card answered.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) data: Vec<u8>,
    pub(crate) status: u16,
}

impl Said {
    pub(crate) fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        self.data[at..at + N].try_into().unwrap()
    }
}

#[derive(Clone)]
pub(crate) struct Plastic {
    pub(crate) asn: Asn,
    application: Application<Memory>,
    random: u64,
    grade_key: Key<key::Grade>,
}

pub(crate) fn bytes(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The key of a purpose in a personalisation file.
pub(crate) fn key_of<P: Purpose>(keys: &Value) -> Key<P> {
    let found = keys.as_array().unwrap().iter().find(|key| key["name"] == P::NAME).unwrap();
    Key::new(bytes(found["key"].as_str().unwrap()).try_into().unwrap())
}

fn record<P: Purpose>(keys: &Value) -> KeyRecord {
    KeyRecord::new(&key_of::<P>(keys), 1, 1, 0)
}

impl Plastic {
    pub(crate) fn made_from(file: &str) -> Self {
        let file: Value = serde_json::from_str(file).unwrap();
        let purse = &file["purse"];
        let (keys, field) = (&purse["keys"], |name: &str| bytes(purse[name].as_str().unwrap()));
        let records = [
            record::<key::Load>(keys),
            record::<key::Purchase>(keys),
            record::<key::Unload>(keys),
            record::<key::TransactionCode>(keys),
            record::<key::Cancel>(keys),
            record::<key::Completion>(keys),
            record::<key::Grade>(keys),
        ];
        let mut public_information = [0; 30];
        public_information[..8].copy_from_slice(&field("issuer"));
        public_information[10..20].copy_from_slice(&field("asn"));
        let with = Personalisation {
            profile: Profile { load_needs_pin: false, ..Profile::FMCOS },
            aid: &AID,
            file_identifier: [0x10, 0x01],
            public_information,
            keys: &records,
            pin: (&[0x12, 0x34], 3),
            files: &[],
            limits: Limits { balance_max: Amount::new(100_000), ..Limits::NONE },
            currencies: [[0; 2]; 4],
        };
        let contents = Contents::personalised(&with).unwrap();
        let application = Application::install(Memory::new(), contents).unwrap();
        let asn = Asn(field("asn").try_into().unwrap());
        let grade_key = key_of::<key::Grade>(keys);
        let mut plastic = Self { asn, application, random: u64::from(asn.0[9]), grade_key };
        plastic.select();
        plastic
    }

    /// Lets the card owe so much of one sale.
    pub(crate) fn grade(&mut self, due_max: u32) {
        let expiry = Date([0x20, 0x27, 0x12, 0x31]);
        let grade = Grade { grade: 1, due_max: Amount::new(due_max), expiry, version: 1 };
        let token = own::grade_token(&self.grade_key, &fields::Asn(self.asn.0), &grade);
        assert_eq!(self.send([0x80, 0xDA, 0, 0], &[&token]).unwrap().status, 0x9000);
    }

    /// Whether a part of an earlier sale is still owed, as the card knows it.
    pub(crate) fn has_open_split(&self) -> bool {
        self.application.contents().split().is_open
    }

    /// What the card says of its split: its code over it.
    pub(crate) fn split_code(&mut self) -> [u8; 4] {
        let said = self.send([0x80, 0xCA, 0, 1], &[]).unwrap();
        assert_eq!(said.status, 0x9000);
        said.part(42)
    }

    pub(crate) fn send(&mut self, header: [u8; 4], data: &[&[u8]]) -> Option<Said> {
        self.random = self.random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        let data = data.concat();
        let command = Command::new(header, &data, Some(256)).unwrap();
        let response = self.application.step(&command, self.random.rotate_left(23).to_be_bytes()).ok()?;
        let _torn_later = self.application.mirror();
        Some(Said { data: response.data().to_vec(), status: response.status().0 })
    }

    fn select(&mut self) {
        assert_eq!(self.send([0x00, 0xA4, 0x04, 0x00], &[&AID]).unwrap().status, 0x9000);
    }

    /// Power goes at this write of the next command.
    pub(crate) fn tear(&mut self, at: u32) {
        let kind = Tear::SAMPLES[at as usize % Tear::SAMPLES.len()];
        self.application.nvm_mut().cut_at(at, kind);
    }

    /// Power goes and comes back.
    pub(crate) fn power_cycle(&mut self) {
        let mut nvm = self.application.clone().power_off();
        nvm.restore_power();
        self.application = Application::power_on(nvm).map_err(|(error, _)| error).unwrap();
        self.select();
    }

    pub(crate) fn balance(&self) -> u32 {
        self.application.contents().pocket(Which::Purse).balance.units()
    }

    pub(crate) fn offline_sequence(&self) -> u16 {
        self.application.contents().pocket(Which::Purse).offline.0
    }

    /// INITIALIZE FOR LOAD or UNLOAD: what the terminal tells the server.
    pub(crate) fn initialise(
        &mut self,
        direction: Direction,
        amount: u32,
        order: Option<LoadOrderId>,
    ) -> BeginLoad {
        let p1 = if direction == Direction::Load { 0x00 } else { 0x05 };
        let said = self.send([0x80, 0x50, p1, 0x02], &[&[1], &amount.to_be_bytes(), &DESK]).unwrap();
        assert_eq!(said.status, 0x9000);
        BeginLoad {
            direction,
            order,
            card: self.asn,
            issuer: IssuerId(operations::card_purses::ISSUER.0),
            amount: Units(amount),
            old_balance: Units(u32::from_be_bytes(said.part(0))),
            sequence: Sequence(u16::from_be_bytes(said.part(4))),
            random: said.part(8),
            key_version: KeyVersion(said.data[6]),
            algorithm: AlgorithmId(said.data[7]),
            mac1: said.part(12),
        }
    }

    /// MAC2 reaches the card. Its code, where it went on.
    pub(crate) fn deliver(&mut self, direction: Direction, answer: &Answer) -> Option<[u8; 4]> {
        let header = if direction == Direction::Load { [0x80, 0x52, 0, 0] } else { [0x80, 0x54, 0x03, 0] };
        let said = self.send(header, &[&answer.when.0, &answer.mac2]);
        if said.is_none() {
            self.power_cycle();
        }
        said.filter(|said| said.status == 0x9000).map(|said| said.part(0))
    }

    /// GET TRANSACTION PROVE of the online transaction that ended with this sequence: its code.
    pub(crate) fn proof(&mut self, direction: Direction, sequence: u16) -> Option<[u8; 4]> {
        let kind = direction.kind().byte();
        let said = self.send([0x80, 0x5A, 0x00, kind], &[&sequence.to_be_bytes()])?;
        let at = if direction == Direction::Load { 4 } else { 0 };
        (said.status == 0x9000).then(|| said.part(at))
    }
}
