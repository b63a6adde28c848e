//! One card relayed to two tills at once. MAC2 names no terminal: where the low two bytes of the modules' transaction numbers
//! agree, one MAC2 is right at both.

use card_reader::reader::{Reader, ReaderError};
use std::collections::BTreeMap;

use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
};
use issuer::{
    clearing::{Seller, clear},
    master_keys::{MasterKeys, SoftwareKeyStore},
    purse_card::{CardIdentity, PurseCard},
};
use ledger::{AccountId, Transfer};
use messages::card::{
    Outcome, PurseRecord, Seconds,
    batch::{BatchReader, HEADER_BYTES, SignedHeader},
    receipt::{RecordVerdict, RefusalReason},
};
use money::Currency;
use purse::psam::CODE_TRIES;
use terminal::{
    card::ExchangeError,
    entry::{List, RecordNumber},
    refusal::{Failure, Refusal},
    simulated_disk::SimulatedDisk,
    terminal::{StartError, Terminal},
    upload::{Host, Unreachable},
};

use crate::shop::{
    CARD_ISSUER, Field, Leaves, Restless, Till, asn, at, card, field, held, hold_again, master, module_with,
    now, refused, restart, sale, settings, sums, till,
};

/// What a card answered to each command, by instruction and P1.
type Answers = BTreeMap<(u8, u8), Response>;

/// Passes on what a till says to a card, and keeps what it answers.
struct Listening<'f>(&'f mut Field, Answers);

impl Reader for Listening<'_> {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        self.0.is_card_present()
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        self.0.power_on()
    }

    fn power_off(&mut self) {
        self.0.power_off();
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        let response = self.0.transmit(command)?;
        self.1.insert((command.ins, command.p1), response.clone());
        Ok(response)
    }
}

/// Says to another till what the card said to the first.
struct Repeating(Answers);

impl Reader for Repeating {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        Ok(true)
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        Ok(())
    }

    fn power_off(&mut self) {}

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        self.0.get(&(command.ins, command.p1)).cloned().ok_or(ReaderError::Lost)
    }
}

/// A card pays 300 at the first till, and the second hears the same. What the second till says.
fn relayed(first: &mut Till, second: &mut Till, field: &mut Field) -> Failure {
    let mut listening = Listening(field, Answers::new());
    first.sell(&mut listening, &sale(1, 300), &at(9, 0)).unwrap();
    second.sell(&mut Repeating(listening.1), &sale(2, 300), &at(9, 0)).unwrap_err()
}

#[test]
fn a_card_that_is_relayed_to_two_tills_pays_at_one() {
    let (mut first, mut second, mut field) = (till(1), till(2), field(card(1, 1_000), 1));
    let failure = relayed(&mut first, &mut second, &mut field);
    let totals = second.module_totals().unwrap();
    assert_eq!(
        (totals.verified.units(), totals.tries),
        (0, 4),
        "MAC2 is right at the second module, and no proof"
    );
    assert_eq!(failure, Failure::NotProved(RecordNumber(0)));
    assert_eq!((held(&field), sums(&first), sums(&second)), (700, (300, 0), (0, 300)));
    // Nor is the proof that the card gives again one for the second till.
    hold_again(&mut field);
    assert_eq!(refused(second.sell(&mut field, &sale(2, 300), &at(9, 1))), Refusal::Suspect);
    assert_eq!((held(&field), sums(&second)), (700, (0, 300)));
}

#[test]
fn a_cancel_that_is_relayed_to_two_tills_gives_back_at_one() {
    let (mut first, mut second, mut field) = (till(1), till(2), field(card(1, 1_000), 1));
    second.sell(&mut field, &sale(1, 300), &at(9, 0)).unwrap();
    first.sell(&mut field, &sale(2, 300), &at(9, 1)).unwrap();
    let mut listening = Listening(&mut field, Answers::new());
    first.cancel_last(&mut listening, &at(9, 2)).unwrap();
    let failure = second.cancel_last(&mut Repeating(listening.1), &at(9, 2)).unwrap_err();
    assert_eq!(failure, Failure::NotProved(RecordNumber(1)));
    assert_eq!((held(&field), sums(&first), sums(&second)), (700, (0, 0), (300, -300)));
}

/// Takes what a till uploads, and says nothing.
#[derive(Default)]
struct Collecting(Vec<PurseRecord>);

impl Host for Collecting {
    fn upload(&mut self, batch: &[u8]) -> Result<Vec<u8>, Unreachable> {
        let (header, records) = batch.split_first_chunk::<HEADER_BYTES>().unwrap();
        let header = SignedHeader::parse(header).unwrap();
        let mut reader = BatchReader::new(&header);
        reader.feed(records, |record| self.0.push(record.unwrap()));
        Err(Unreachable("no answer".to_owned()))
    }

    fn download(&mut self, _list: List, _newer_than: u32) -> Result<Option<Vec<u8>>, Unreachable> {
        Ok(None)
    }
}

fn only_record(till: &mut Till) -> PurseRecord {
    let mut host = Collecting::default();
    till.upload(&mut host, &now(20, 0)).unwrap_err();
    let [record] = host.0[..] else { panic!("one record") };
    record
}

fn issued() -> (PurseCard, SoftwareKeyStore) {
    let mut keys = SoftwareKeyStore::default();
    let masters = MasterKeys {
        load: master(),
        unload: master(),
        codes: master(),
        completion: master(),
        grade: master(),
    };
    keys.put(1, &masters);
    let identity = CardIdentity {
        asn: asn(1),
        issuer: CARD_ISSUER,
        levels: 1,
        sm4_algorithm: None,
        currency: Currency::CNY,
        wallet: AccountId(1),
    };
    (PurseCard::issued(identity), keys)
}

/// A till that believes MAC2 alone says that the relayed card paid there, with the TAC that it heard.
#[test]
fn of_two_tills_that_say_a_relayed_card_paid_one_is_paid() {
    let (mut first, mut second, mut field) = (till(1), till(2), field(card(1, 1_000), 1));
    relayed(&mut first, &mut second, &mut field);
    let right = only_record(&mut first);
    let wrong = PurseRecord { outcome: right.outcome, ..only_record(&mut second) };
    assert!(matches!(wrong.outcome, Outcome::Done(_)));
    assert_eq!((right.sequence, right.balance_before), (wrong.sequence, wrong.balance_before));
    let sellers = [(right, AccountId(11)), (wrong, AccountId(12))];
    for order in [[0, 1], [1, 0]] {
        let (mut purse, keys) = issued();
        let mut transfers: Vec<Transfer> = Vec::new();
        for (record, account) in order.map(|number| sellers[number]) {
            let seller = Seller { terminal: record.terminal, account };
            let cleared = clear(&mut purse, &keys, &seller, &record, Seconds(crate::shop::UTC)).unwrap();
            let refused = RecordVerdict::Refused(RefusalReason::WrongTac);
            assert_eq!(cleared.verdict, if record == right { RecordVerdict::Accepted } else { refused });
            transfers.extend(cleared.transfers);
        }
        let paid = |account| {
            let of_account = transfers.iter().filter(move |transfer| transfer.credit_account_id == account);
            of_account.map(|transfer| transfer.amount.0).sum::<u128>()
        };
        assert_eq!((paid(AccountId(11)), paid(AccountId(12))), (300, 0));
        assert_eq!((purse.debits().count(), purse.listed()), (1, None), "the card is no clone");
    }
}

#[test]
fn a_module_without_the_key_that_makes_tacs_does_not_start_a_terminal() {
    let started = Terminal::start(SimulatedDisk::new(), module_with(1, 10_000, &[]), settings());
    let (error, _, _) = started.err().unwrap();
    assert!(matches!(error, StartError::Module(ExchangeError::Refused(_))), "{error}");
}

/// Cards do not say which version their key has.
#[test]
fn a_card_with_an_older_key_that_makes_tacs_pays() {
    let mut till = crate::shop::start(SimulatedDisk::new(), module_with(1, 10_000, &[1, 3]));
    till.take_list(List::Parameters, &crate::shop::issuer::parameters(1), &now(8, 0)).unwrap();
    till.take_list(List::Status, &crate::shop::issuer::status_list(1, &[]), &now(8, 0)).unwrap();
    let mut field = field(card(1, 1_000), 1);
    till.sell(&mut field, &sale(1, 300), &at(9, 0)).unwrap();
    assert_eq!(sums(&till), (300, 0));
}

/// A till whose record is open, and a card that used the record's sequence at another one: its proof is wrong here.
fn open_here_and_paid_elsewhere() -> (Till, Field) {
    let (mut here, mut elsewhere, mut field) = (till(1), till(2), field(card(1, 1_000), 1));
    here.sell(&mut Restless::new(&mut field, Leaves::Before(2)), &sale(1, 300), &at(9, 0)).unwrap_err();
    elsewhere.sell(&mut field, &sale(2, 300), &at(9, 0)).unwrap();
    (here, field)
}

#[test]
fn a_wrong_proof_costs_one_try_until_the_terminal_starts_anew() {
    let (mut till, mut field) = open_here_and_paid_elsewhere();
    for left in [CODE_TRIES - 1, CODE_TRIES - 2] {
        for minute in 1..4 {
            // The card goes after its proof, so that the record stays open.
            let mut restless = Restless::new(&mut field, Leaves::Before(2));
            let outcome = till.sell(&mut restless, &sale(1, 300), &at(9, minute));
            assert_eq!(outcome, Err(Failure::Card(ExchangeError::Unanswered(ReaderError::Lost))));
        }
        assert_eq!((till.module_totals().unwrap().code_tries, sums(&till)), (left, (0, 300)));
        till = restart(till);
    }
}

#[test]
fn a_module_without_tries_keeps_the_record_of_a_card_that_comes_back_and_serves_others() {
    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    till.sell(&mut Restless::new(&mut field, Leaves::After(2)), &sale(1, 300), &at(9, 0)).unwrap_err();
    let guess = [&[0, 0, 1, 44, 6][..], &[0; 15], &[0; 8]].concat();
    let guess = Command::new([0x80, 0x78, 0, 0], &guess, None).unwrap();
    for _ in 0..CODE_TRIES {
        assert_eq!(till.module_reader_mut().transmit(&guess).unwrap().status(), StatusWord(0x9302));
    }
    let outcome = till.sell(&mut field, &sale(1, 300), &at(9, 1));
    assert_eq!(refused(outcome), Refusal::Module(StatusWord::BLOCKED));
    assert_eq!((held(&field), sums(&till)), (700, (0, 300)));
    let mut other = crate::shop::field(card(2, 1_000), 2);
    till.sell(&mut other, &sale(2, 100), &at(9, 2)).unwrap();
    assert_eq!(sums(&till), (100, 300));
}
