//! A card with an application that holds value, and a host that knows its keys.

use std::collections::HashMap;

use globalplatform::{
    aid::Aid,
    apdu::{Command, Response},
    block_cipher::{AesKey, DesKey},
    domain::{Answer, Applications, Card, Entropy, Installation, Item, Session, Value},
    keys::{KeyVersion, RootKeySet},
    life_cycle::CardState,
    registry::{Blank, Registry},
    secure_channel::{HostChannel, HostOpening, SecurityLevel, StaticKeys, scp02, scp03, scp03::Options},
    status::StatusWord,
};
use sha2::{Digest, Sha256};

pub(crate) const ISSUER: &[u8] = &[0xA0, 0, 0, 1, 0x51, 0, 0, 0];
pub(crate) const PURSE_FILE: &[u8] = &[0xA0, 0, 0, 6, 0x32, 0xF0];
pub(crate) const PURSE_MODULE: &[u8] = &[0xA0, 0, 0, 6, 0x32, 0xF0, 1];
pub(crate) const PURSE: &[u8] = &[0xA0, 0, 0, 6, 0x32, 1, 1, 5];
pub(crate) const DOMAIN: &[u8] = &[0xA0, 0, 0, 6, 0x32, 0xD0, 1];
pub(crate) const DOMAIN_FILE: &[u8] = &[0xA0, 0, 0, 1, 0x51, 0x53, 0x50];
pub(crate) const DOMAIN_MODULE: &[u8] = &[0xA0, 0, 0, 1, 0x51, 0x53, 0x50, 0x41];
/// The DGI that the application does not take.
pub(crate) const UNWANTED: u16 = 0xDEAD;

/// What an application has taken: identifier, bytes, whether it came as a key.
pub(crate) type Taken = (u16, Vec<u8>, bool);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Purse {
    pub(crate) holds_value: bool,
    pub(crate) taken: Vec<Taken>,
    pub(crate) interruptions: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Purses(pub(crate) HashMap<Vec<u8>, Purse>);

impl Purses {
    pub(crate) fn purse(&mut self) -> &mut Purse {
        self.0.get_mut(PURSE).unwrap()
    }
}

impl Applications for Purses {
    fn can_install(&self, installation: &Installation<'_>) -> Result<(), StatusWord> {
        let is_known = installation.module.as_slice() == PURSE_MODULE;
        if is_known { Ok(()) } else { Err(StatusWord::REFERENCED_DATA_NOT_FOUND) }
    }

    fn install(&mut self, installation: &Installation<'_>) {
        self.0.insert(installation.aid.as_slice().to_vec(), Purse::default());
    }

    fn holds_value(&self, aid: &Aid) -> bool {
        self.0[aid.as_slice()].holds_value
    }

    fn delete(&mut self, aid: &Aid) {
        self.0.remove(aid.as_slice()).unwrap();
    }

    fn accepts(&self, _: &Aid, item: &Item<'_>) -> Result<(), StatusWord> {
        if item.dgi == UNWANTED { Err(StatusWord::WRONG_DATA) } else { Ok(()) }
    }

    fn store(&mut self, aid: &Aid, item: &Item<'_>) {
        let (bytes, is_key) = match &item.value {
            Value::Data(data) => (data.to_vec(), false),
            Value::Key(key) => (key.expose().to_vec(), true),
        };
        self.0.get_mut(aid.as_slice()).unwrap().taken.push((item.dgi, bytes, is_key));
    }

    fn interrupt(&mut self, aid: &Aid) {
        self.0.get_mut(aid.as_slice()).unwrap().interruptions += 1;
    }
}

/// Bytes that count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counting(u8);

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}

pub(crate) fn aes_keys(byte: u8, length: usize) -> StaticKeys {
    let key = |add: u8| AesKey::new(&vec![byte + add; length]).unwrap();
    StaticKeys::Scp03(scp03::StaticKeys { enc: key(0), mac: key(1), dek: key(2) })
}

pub(crate) fn des_keys(byte: u8) -> StaticKeys {
    let key = |add: u8| {
        let halves = [[byte ^ add; 8], [byte ^ add ^ 0x3C; 8]];
        DesKey::new(&halves.concat()).unwrap()
    };
    StaticKeys::Scp02(scp02::StaticKeys { enc: key(2), mac: key(4), dek: key(8) })
}

pub(crate) fn root_keys() -> StaticKeys {
    aes_keys(0x40, 16)
}

#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) registry: Registry,
    pub(crate) session: Session,
    pub(crate) applications: Purses,
    pub(crate) entropy: Counting,
    /// Each channel is opened with a challenge of its own.
    challenges: u8,
}

/// An open channel to a card.
pub(crate) struct Line {
    pub(crate) host: HostChannel,
}

impl Bench {
    pub(crate) fn new(options: Options, root_keys: StaticKeys) -> Self {
        let version = match root_keys {
            StaticKeys::Scp02(_) => KeyVersion::new(0x20).unwrap(),
            StaticKeys::Scp03(_) => KeyVersion::new(0x30).unwrap(),
        };
        let blank = Blank {
            issuer_domain: Aid::new(ISSUER).unwrap(),
            diversification: [5; 10],
            production_data: [0xC9; 42],
            options,
            root_keys: RootKeySet::initial(version, root_keys),
        };
        Self {
            registry: Registry::new(blank),
            session: Session::new(),
            applications: Purses::default(),
            entropy: Counting::default(),
            challenges: 0,
        }
    }

    /// A card as it is made, with the root keys 30 of AES.
    pub(crate) fn blank() -> Self {
        Self::new(Options::ALL, root_keys())
    }

    /// A card with a purse that can be selected.
    pub(crate) fn with_purse() -> Self {
        let mut card = Self::blank();
        let mut line = card.open(SecurityLevel::C_MAC);
        card.load(&mut line, PURSE_FILE, b"purse");
        card.expect(
            &mut line,
            [0x80, 0xE6, 0x0C, 0],
            &install(PURSE_FILE, PURSE_MODULE, PURSE, &[0]),
            0x9000,
        );
        card
    }

    pub(crate) fn answer(&mut self, apdu: &[u8]) -> Answer {
        let Self { registry, session, applications, entropy, .. } = self;
        Card { registry, session, applications, entropy }.step(apdu)
    }

    pub(crate) fn send(&mut self, apdu: &[u8]) -> Response {
        match self.answer(apdu) {
            Answer::Response(response) => response,
            other => panic!("the security domains should answer {apdu:02X?}, not {other:?}"),
        }
    }

    pub(crate) fn status(&mut self, apdu: &[u8]) -> u16 {
        self.send(apdu).status().0
    }

    pub(crate) fn reset(&mut self) {
        self.session = Session::new();
    }

    pub(crate) fn select(&mut self, name: &[u8]) -> Answer {
        self.answer(Command::new([0, 0xA4, 4, 0], name, None).unwrap().to_bytes().as_slice())
    }

    /// A channel to the selected domain, whose keys these are.
    pub(crate) fn open_with(&mut self, keys: &StaticKeys, version: u8, level: SecurityLevel) -> Line {
        self.challenges += 1;
        let (opening, command) = HostOpening::begin(version, [self.challenges; 8]);
        let answer = self.send(command.as_slice());
        assert_eq!(answer.status(), StatusWord::SUCCESS);
        let (host, command) = opening.authenticate(keys, answer.data(), level).unwrap();
        assert_eq!(self.status(command.as_slice()), 0x9000);
        Line { host }
    }

    /// A channel to the issuer's domain under the first root keys.
    pub(crate) fn open(&mut self, level: SecurityLevel) -> Line {
        self.select(&[]);
        self.open_with(&root_keys(), 0, level)
    }

    /// Sends a protected command, and opens the protected response.
    pub(crate) fn say(&mut self, line: &mut Line, header: [u8; 4], data: &[u8]) -> Response {
        let command = Command::new(header, data, Some(256)).unwrap();
        let wrapped = line.host.wrap(&command).unwrap();
        let response = self.send(wrapped.as_slice());
        line.host.unwrap(&response).unwrap()
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, line: &mut Line, header: [u8; 4], data: &[u8], status: u16) -> Vec<u8> {
        let response = self.say(line, header, data);
        assert_eq!(response.status(), StatusWord(status), "{header:02X?}");
        response.data().to_vec()
    }

    /// Loads a package that belongs to the issuer's domain.
    pub(crate) fn load(&mut self, line: &mut Line, file: &[u8], package: &[u8]) {
        self.expect(line, [0x80, 0xE6, 0x02, 0], &for_load(file, &[], package), 0x9000);
        self.expect(line, [0x80, 0xE8, 0x80, 0], &data_block(package), 0x9000);
    }

    pub(crate) fn move_to(&mut self, line: &mut Line, states: &[CardState]) {
        for state in states {
            self.expect(line, [0x80, 0xF0, 0x80, state.byte()], &[], 0x9000);
        }
    }
}

/// Values with their lengths before them.
pub(crate) fn values(values: &[&[u8]]) -> Vec<u8> {
    values.iter().flat_map(|value| [&[u8::try_from(value.len()).unwrap()], *value].concat()).collect()
}

/// The data of INSTALL [for load].
pub(crate) fn for_load(file: &[u8], domain: &[u8], package: &[u8]) -> Vec<u8> {
    values(&[file, domain, &Sha256::digest(package), &[], &[]])
}

/// The data of INSTALL [for install].
pub(crate) fn install(file: &[u8], module: &[u8], aid: &[u8], privileges: &[u8]) -> Vec<u8> {
    values(&[file, module, aid, privileges, &[0xC9, 0], &[]])
}

/// The data of INSTALL [for personalization] and [for make selectable].
pub(crate) fn named(aid: &[u8]) -> Vec<u8> {
    values(&[&[], &[], aid, &[], &[], &[]])
}

/// A package as LOAD carries it.
pub(crate) fn data_block(package: &[u8]) -> Vec<u8> {
    [&[0xC4, u8::try_from(package.len()).unwrap()], package].concat()
}

/// A name as DELETE and GET STATUS carry it.
pub(crate) fn tagged(aid: &[u8]) -> Vec<u8> {
    [&[0x4F, u8::try_from(aid.len()).unwrap()], aid].concat()
}
