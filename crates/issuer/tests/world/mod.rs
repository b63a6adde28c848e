//! A small world: real purses in memory that loses power, real security modules, terminals, the issuer's host, a real ledger.
#![allow(dead_code, reason = "each test file uses a part of the world")]

pub(crate) mod books;
pub(crate) mod online;
pub(crate) mod sale;

use std::collections::BTreeMap;

use globalplatform::apdu::Command;
use issuer::{
    lost_card::LostCardRefusal,
    master_keys::{MasterKeys, SoftwareKeyStore},
    purse_card::{CardIdentity, PurseCard},
};
use ledger::{
    Account, AccountFlags, CreateTransferStatus, Engine, Timestamp, Transfer, memory::MemoryEngine,
};
use messages::card::{CardStatus, Seconds};
use money::Currency;
use purse::{
    amount::Amount,
    ep::{Application, Contents, Limits, Personalisation, Profile, Which},
    fields::{Asn, DateTime, Mac, Sequence},
    key_table::KeyRecord,
    pboc::key::{Algorithm, Key, Purpose},
    simulated::{SimulatedNvm, Tear},
};
use wallet::{
    chart,
    ids::{HolderId, MerchantId, OperationId},
    purse_chart,
};

pub(crate) use online::{Fate, Moved};
use sale::{Sale, Terminal};

pub(crate) type Memory = SimulatedNvm<1024>;
pub(crate) type Plastic = Application<Memory>;

pub(crate) const ISSUER: [u8; 8] = [0x07, 0x92, 0x80, 0, 0, 0, 1, 0x45];
const AID: [u8; 9] = [0xA0, 0, 0, 0, 3, 0x86, 0x98, 7, 1];
/// How long the issuer waits for terminals that have not uploaded.
pub(crate) const WINDOW: Seconds = Seconds(30 * 86_400);

/// Everything there is.
pub(crate) struct World {
    pub(crate) keys: SoftwareKeyStore,
    pub(crate) cards: BTreeMap<Asn, PurseCard>,
    pub(crate) plastic: Vec<(Asn, Plastic)>,
    pub(crate) terminals: Vec<Terminal>,
    pub(crate) ledger: MemoryEngine,
    pub(crate) seconds: u64,
    random: u64,
    pub(crate) moved: Vec<Moved>,
    pub(crate) sales: Vec<Sale>,
    /// Value of copies when they were made.
    pub(crate) copied: i128,
    /// How many operations there were.
    operations: u128,
    late: Option<(Asn, OperationId, Mac)>,
}

/// A master key that is different for each purpose.
pub(crate) fn master<P: Purpose>() -> Key<P> {
    let mut bytes = [0x10; 16];
    bytes[0] = P::USAGE;
    bytes[15] = 0x77;
    Key::new(bytes)
}

fn record<P: Purpose>(asn: &Asn, index: u8) -> KeyRecord {
    let key: Key<P> = master::<P>().diversified_by(Algorithm::TripleDes, &[asn.factor()]);
    KeyRecord::new(&key, index, 1, 0)
}

fn personalised(asn: &Asn) -> Contents {
    use purse::pboc::key::{Cancel, Load, Purchase, TransactionCode, Unload};
    let keys = [
        record::<Load>(asn, 1),
        record::<Purchase>(asn, 1),
        record::<Unload>(asn, 1),
        record::<TransactionCode>(asn, 1),
        record::<Cancel>(asn, 1),
    ];
    let mut public_information = [0; 30];
    public_information[..8].copy_from_slice(&ISSUER);
    public_information[10..20].copy_from_slice(&asn.0);
    let with = Personalisation {
        profile: Profile { load_needs_pin: false, ..Profile::FMCOS },
        aid: &AID,
        file_identifier: [0x10, 0x01],
        public_information,
        keys: &keys,
        pin: (&[0x12, 0x34], 3),
        files: &[],
        limits: Limits { balance_max: Amount::new(100_000), ..Limits::NONE },
        currencies: [[0; 2]; 4],
    };
    Contents::personalised(&with).unwrap()
}

/// What a card answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) data: Vec<u8>,
    pub(crate) status: u16,
}

impl Answer {
    pub(crate) fn part<const N: usize>(&self, at: usize) -> [u8; N] {
        self.data[at..at + N].try_into().unwrap()
    }
}

impl World {
    pub(crate) fn new(cards: u8, terminals: u8) -> Self {
        let mut keys = SoftwareKeyStore::default();
        let masters = MasterKeys {
            load: master(),
            unload: master(),
            codes: master(),
            completion: master(),
            grade: master(),
        };
        keys.put(1, &masters);
        let mut world = Self {
            keys,
            cards: BTreeMap::new(),
            plastic: Vec::new(),
            terminals: (0..terminals).map(Terminal::new).collect(),
            ledger: MemoryEngine::new(),
            seconds: 0,
            random: 0x0123_4567,
            moved: Vec::new(),
            sales: Vec::new(),
            copied: 0,
            operations: 0,
            late: None,
        };
        world.open_accounts();
        (1..=cards).for_each(|number| world.issue(number));
        world
    }

    fn open_accounts(&mut self) {
        let merchants = (0..self.terminals.len())
            .map(|number| chart::merchant(MerchantId::new(number as u128 + 1), Currency::CNY));
        // What a bank paid into the holder's wallet, without the bank.
        let source = Account { flags: AccountFlags::NONE, ..chart::suspense(Currency::CNY) };
        let mut accounts: Vec<Account> = merchants.collect();
        accounts.extend([source, purse_chart::excess(Currency::CNY), purse_chart::register(Currency::CNY)]);
        accounts.push(chart::refund_control(Currency::CNY));
        accounts
            .push(Account { flags: AccountFlags::NONE, ..chart::wallet(HolderId::new(1), Currency::CNY) });
        self.create(&accounts);
    }

    fn create(&mut self, accounts: &[Account]) {
        self.ledger.create_accounts(Timestamp(1), accounts).unwrap();
    }

    fn issue(&mut self, number: u8) {
        let asn = Asn([0, 0, 0x20, 0x26, 0, 0, 0, 0, 0, number]);
        let identity = CardIdentity {
            asn,
            issuer: ISSUER,
            levels: 1,
            sm4_algorithm: None,
            currency: Currency::CNY,
            wallet: chart::wallet_id(HolderId::new(1), Currency::CNY),
        };
        self.create(&[purse_chart::purse(&identity.name(), Currency::CNY)]);
        self.cards.insert(asn, PurseCard::issued(identity));
        let plastic = Plastic::install(Memory::new(), personalised(&asn)).unwrap();
        self.plastic.push((asn, plastic));
        self.select(self.plastic.len() - 1);
    }

    /// Somebody copies a card's memory.
    pub(crate) fn copy(&mut self, of: usize) {
        let (asn, plastic) = &self.plastic[of];
        self.copied += i128::from(balance(plastic));
        let copy = (*asn, plastic.clone());
        self.plastic.push(copy);
    }

    pub(crate) fn now(&self) -> Seconds {
        Seconds(self.seconds)
    }

    /// The time of the next event, one second after the last.
    pub(crate) fn tick(&mut self) -> DateTime {
        self.seconds += 1;
        let bcd = |number: u64| u8::try_from(number / 10 * 16 + number % 10).unwrap();
        let (day, rest) = (self.seconds / 86_400 + 1, self.seconds % 86_400);
        DateTime([0x20, 0x26, 0x11, bcd(day), bcd(rest / 3600), bcd(rest / 60 % 60), bcd(rest % 60)])
    }

    pub(crate) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        self.random.rotate_left(23)
    }

    /// Sends a command to a card; `None` where its power went.
    pub(crate) fn send(&mut self, to: usize, header: [u8; 4], data: &[&[u8]]) -> Option<Answer> {
        let random = self.random().to_be_bytes();
        let data = data.concat();
        let command = Command::new(header, &data, Some(256)).unwrap();
        let plastic = &mut self.plastic[to].1;
        let response = plastic.step(&command, random).ok()?;
        let _torn_later = plastic.mirror();
        Some(Answer { data: response.data().to_vec(), status: response.status().0 })
    }

    fn select(&mut self, which: usize) {
        assert_eq!(self.send(which, [0x00, 0xA4, 0x04, 0x00], &[&AID]).unwrap().status, 0x9000);
    }

    /// Power goes and comes back.
    pub(crate) fn power_cycle(&mut self, which: usize) {
        let mut nvm = self.plastic[which].1.clone().power_off();
        nvm.restore_power();
        self.plastic[which].1 = Plastic::power_on(nvm).map_err(|(error, _)| error).unwrap();
        self.select(which);
    }

    pub(crate) fn tear(&mut self, which: usize, at: u32) {
        let kind = Tear::SAMPLES[at as usize % Tear::SAMPLES.len()];
        self.plastic[which].1.nvm_mut().cut_at(at, kind);
    }

    /// Makes the ledger do what the issuer says; none of it may be refused.
    pub(crate) fn post(&mut self, transfers: &[Transfer]) {
        let results = self.ledger.create_transfers(Timestamp(1), transfers).unwrap();
        for (result, transfer) in results.iter().zip(transfers) {
            assert_eq!(result.status, CreateTransferStatus::Created, "{transfer:?}");
        }
    }

    /// A card that never speaks again, as one that three torn loads in a row have locked: its holder reports it, the window
    /// passes, and what is left comes back.
    pub(crate) fn give_up(&mut self, asn: Asn) {
        let since = self.now();
        self.card(asn).list(CardStatus::Lost, since);
        self.seconds += WINDOW.0;
        let now = self.now();
        let early = self.card(asn).refund_lost(Seconds(now.0 - 1), WINDOW);
        assert_eq!(early, Err(LostCardRefusal::WindowOpen));
        match self.card(asn).refund_lost(now, WINDOW) {
            Ok(transfers) => self.post(&transfers),
            Err(refusal) => assert_eq!(refusal, LostCardRefusal::Nothing),
        }
        self.plastic.retain(|(other, _)| *other != asn);
    }

    /// The host ends, and begins again with what it stored.
    pub(crate) fn restart(&mut self) {
        for card in self.cards.values_mut() {
            let (row, places) = (card.row(), card.place_rows(Sequence(0)).collect::<Vec<_>>());
            *card = PurseCard::from_rows(row.clone(), places.clone());
            assert_eq!((card.row(), card.place_rows(Sequence(0)).collect()), (row, places));
        }
    }

    pub(crate) fn card(&mut self, asn: Asn) -> &mut PurseCard {
        self.cards.get_mut(&asn).unwrap()
    }
}

pub(crate) fn balance(plastic: &Plastic) -> u32 {
    plastic.contents().pocket(Which::Purse).balance.units()
}
