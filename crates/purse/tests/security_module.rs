//! Card and security module together, without anybody who knows the keys of both.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod desk;

use desk::{Answer, Desk, Memory, TERMINAL, WHEN, key, profile};
use globalplatform::apdu::Command;
use purse::{
    amount::Amount,
    bytes::{Reader, Writer},
    ep::{Application, Contents, Personalisation, Profile, Which},
    fake_card::FakeCard,
    fields::{Asn, Kind, TerminalId},
    journal::{OpenError, Stored},
    key_table::KeyRecord,
    nvm::Fault,
    pboc::key::{Algorithm, Damk, Dck, Dlk, Dpk, Dtk, Key, Purpose},
    psam::{ModuleContents, ModulePersonalisation, SecurityModule, collection_mac},
    simulated::Tear,
};

type Module = SecurityModule<Memory>;

const ISSUER: [u8; 8] = [0x07, 0x92, 0x80, 0, 0, 0, 1, 0x45];
const ONE_LEVEL: u8 = 0x22;
const TWO_LEVELS: u8 = 0x42;

fn personalisation(keys: &[KeyRecord]) -> ModulePersonalisation<'_> {
    ModulePersonalisation {
        file_identifier: [0xDF, 0x01],
        serial: [0x51; 10],
        terminal: TERMINAL,
        keys,
        sm4_algorithm: Some(4),
        minimum_version: 1,
        ceiling: Amount::new(10_000),
        tries: 5,
    }
}

fn master_keys() -> Vec<KeyRecord> {
    let (dpk, dtk, damk, dck): (Dpk, Dtk, Damk, Dck) = (key(), key(), key(), key());
    vec![
        KeyRecord::new(&dpk, ONE_LEVEL, 1, 0),
        KeyRecord::new(&Dpk::new([0x66; 16]), TWO_LEVELS, 2, 0),
        KeyRecord::new(&dpk, ONE_LEVEL, 3, 4),
        KeyRecord::new(&dtk, ONE_LEVEL, 1, 0),
        KeyRecord::new(&damk, ONE_LEVEL, 1, 0),
        KeyRecord::new(&dck, ONE_LEVEL, 1, 0),
    ]
}

/// A module on the desk.
#[derive(Clone)]
struct Counter {
    module: Module,
}

impl Counter {
    fn new() -> Self {
        let contents = ModuleContents::personalised(&personalisation(&master_keys())).unwrap();
        let mut counter = Self { module: Module::install(Memory::new(), contents).unwrap() };
        counter.select();
        counter
    }

    fn select(&mut self) {
        assert_eq!(self.send([0x00, 0xA4, 0, 0], &[&[0xDF, 0x01]]).unwrap().status, 0x9000);
    }

    fn send(&mut self, header: [u8; 4], data: &[&[u8]]) -> Result<Answer, Fault> {
        let data = data.concat();
        let command = Command::new(header, &data, Some(256)).unwrap();
        let response = self.module.step(&command, [0x5A; 8])?;
        Ok(Answer { data: response.data().to_vec(), status: response.status().0 })
    }

    /// 80 70 for what the card answered to an initialisation.
    fn authorise(
        &mut self,
        begun: &Answer,
        amount: u32,
        kind: Kind,
        factors: &[u8],
    ) -> Result<Answer, Fault> {
        let tags = &begun.data[9..11];
        let parts: [&[u8]; 7] = [
            &begun.data[11..15],
            &begun.data[4..6],
            &amount.to_be_bytes(),
            &[kind.byte()],
            &WHEN.0,
            tags,
            factors,
        ];
        self.send([0x80, 0x70, 0, 0], &parts)
    }

    fn power_cycle(&mut self) -> Result<(), OpenError> {
        let mut nvm = self.module.clone().power_off();
        nvm.restore_power();
        self.module = Module::power_on(nvm).map_err(|(error, _)| error)?;
        self.select();
        Ok(())
    }
}

fn diversified<P: Purpose>(algorithm: Algorithm) -> Key<P> {
    key::<P>().diversified(algorithm, Asn(desk::ASN).factor())
}

/// A card whose keys are diversified by its serial number.
fn card_with(profile: Profile, dpk: &KeyRecord, algorithm: Algorithm) -> Desk {
    let (dlk, dtk, dck): (Dlk, Dtk, Dck) = (key(), diversified(algorithm), diversified(algorithm));
    let tag = dpk.algorithm;
    let keys = [
        KeyRecord::new(&dlk, 1, 0, 0),
        dpk.clone(),
        KeyRecord::new(&dtk, 1, 0, tag),
        KeyRecord::new(&dck, 1, 1, 0),
    ];
    let mut public_information = [0x11; 30];
    public_information[10..20].copy_from_slice(&desk::ASN);
    let with = Personalisation {
        profile,
        aid: &desk::AID,
        file_identifier: [0x10, 1],
        public_information,
        keys: &keys,
        pin: (&desk::PIN, 3),
        files: &desk::FILES,
        limits: desk::LIMITS,
        currencies: [[0; 2]; 4],
    };
    let mut desk = Desk::new();
    desk.card = Application::install(Memory::new(), Contents::personalised(&with).unwrap()).unwrap();
    desk.select().unwrap();
    let begun = desk.initialise(0, 2, 5_000).unwrap().ok();
    let data = desk.sign_load(&begun, 5_000, Kind::LoadPurse);
    desk.apdu([0x80, 0x52, 0, 0], &[&data]).unwrap().ok();
    desk
}

fn card() -> Desk {
    card_with(
        profile(),
        &KeyRecord::new(&diversified::<purse::pboc::key::Purchase>(Algorithm::TripleDes), 1, 1, 0),
        Algorithm::TripleDes,
    )
}

fn factor() -> [u8; 8] {
    Asn(desk::ASN).factor()
}

/// A whole sale; what the module said to the card's MAC2.
fn sell(desk: &mut Desk, counter: &mut Counter, amount: u32, factors: &[u8]) -> u16 {
    let begun = desk.initialise(1, 2, amount).unwrap().ok();
    let signed = counter.authorise(&begun, amount, Kind::Purchase, factors).unwrap().ok();
    let parts: [&[u8]; 3] = [&signed.data[..4], &WHEN.0, &signed.data[4..]];
    let receipt = desk.apdu([0x80, 0x54, 1, 0], &parts).unwrap().ok();
    counter.send([0x80, 0x72, 0, 0], &[&receipt.data[4..]]).unwrap().status
}

#[test]
fn card_and_module_agree_with_one_level_of_diversification() {
    let (mut desk, mut counter) = (card(), Counter::new());
    assert_eq!(sell(&mut desk, &mut counter, 850, &factor()), 0x9000);
    let contents = counter.module.contents();
    assert_eq!((contents.authorised(), contents.verified()), (Amount::new(850), Amount::new(850)));
    assert_eq!((contents.transaction().0, desk.balance(Which::Purse)), (1, 4_150));
}

#[test]
fn card_and_module_agree_with_two_levels_and_another_version() {
    let master = Dpk::new([0x66; 16]);
    let dpk = master.diversified_by(Algorithm::TripleDes, &[factor(), ISSUER]);
    let mut desk = card_with(profile(), &KeyRecord::new(&dpk, 1, 2, 0), Algorithm::TripleDes);
    let mut counter = Counter::new();
    assert_eq!(sell(&mut desk, &mut counter, 850, &[factor(), ISSUER].concat()), 0x9000);
    let begun = desk.initialise(1, 2, 1).unwrap().ok();
    assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x6700);
}

#[test]
fn card_and_module_agree_in_the_variant_with_sm4() {
    let dpk: Dpk = diversified(Algorithm::Sm4Own);
    let profile = Profile { sm4_algorithm: Some(4), ..profile() };
    let mut desk = card_with(profile, &KeyRecord::new(&dpk, 1, 3, 4), Algorithm::Sm4Own);
    let mut counter = Counter::new();
    assert_eq!(sell(&mut desk, &mut counter, 850, &factor()), 0x9000);
}

#[test]
fn a_sale_is_cancelled_with_the_modules_cancel_key() {
    let (mut desk, mut counter) = (card(), Counter::new());
    assert_eq!(sell(&mut desk, &mut counter, 850, &factor()), 0x9000);
    let begun = desk.initialise(0x0A, 2, 850).unwrap().ok();
    let signed = counter.authorise(&begun, 850, Kind::Cancel, &factor()).unwrap().ok();
    let parts: [&[u8]; 3] = [&signed.data[..4], &WHEN.0, &signed.data[4..]];
    let receipt = desk.apdu([0x80, 0x54, 0x0A, 0], &parts).unwrap().ok();
    assert_eq!(counter.send([0x80, 0x72, 0, 0], &[&receipt.data[4..]]).unwrap().status, 0x9000);
    assert_eq!(desk.balance(Which::Purse), 5_000);
    assert_eq!(counter.module.contents().verified(), Amount::new(850), "a cancel is no income");
}

#[test]
fn a_tac_is_computed_again_for_a_card_that_was_pulled() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let begun = desk.initialise(1, 2, 77).unwrap().ok();
    let signed = counter.authorise(&begun, 77, Kind::Purchase, &factor()).unwrap().ok();
    let parts: [&[u8]; 3] = [&signed.data[..4], &WHEN.0, &signed.data[4..]];
    let receipt = desk.apdu([0x80, 0x54, 1, 0], &parts).unwrap().ok();
    let derived = counter.send([0x80, 0x1A, 0x34, 1], &[&factor()]).unwrap();
    assert_eq!(derived.status, 0x9000);
    let message: [&[u8]; 5] =
        [&77_u32.to_be_bytes(), &[Kind::Purchase.byte()], &TERMINAL.0, &signed.data[..4], &WHEN.0];
    let code = counter.send([0x80, 0xFA, 5, 0], &message).unwrap().ok();
    assert_eq!(code.data, receipt.data[..4]);
    assert_eq!(
        counter.send([0x80, 0x1A, 0x3E, 1], &[&factor()]).unwrap().status,
        0x6A88,
        "never a purchase key"
    );
}

#[test]
fn a_fake_card_is_refused_and_in_the_end_locks_the_module_until_it_is_collected() {
    let fake = FakeCard { balance: Amount::new(99_999), public_information: [0x11; 30] };
    let mut counter = Counter::new();
    let ask = |bytes: &[u8]| fake.step(&Command::parse(bytes).unwrap()).data().to_vec();
    let mut answers = Vec::new();
    for _ in 0..6 {
        let init = [&[0x80, 0x50, 1, 2, 11, 1, 0, 0, 0, 9][..], &TERMINAL.0].concat();
        let begun = Answer { data: ask(&init), status: 0x9000 };
        let signed = counter.authorise(&begun, 9, Kind::Purchase, &factor()).unwrap();
        if signed.status != 0x9000 {
            answers.push(signed.status);
            continue;
        }
        let debit = [&[0x80, 0x54, 1, 0, 15][..], &signed.data[..4], &WHEN.0, &signed.data[4..]].concat();
        let receipt = ask(&debit);
        answers.push(counter.send([0x80, 0x72, 0, 0], &[&receipt[4..]]).unwrap().status);
    }
    assert_eq!(answers, [0x9302, 0x9302, 0x9302, 0x9302, 0x9302, 0x6983]);
    assert_eq!(counter.module.contents().verified(), Amount::ZERO);
    collect(&mut counter, 10_000, 1).unwrap();
    assert_eq!(sell(&mut card(), &mut counter, 9, &factor()), 0x9000);
}

fn collect(counter: &mut Counter, ceiling: u32, version: u8) -> Result<u16, Fault> {
    let begun = counter.send([0x80, 0x74, 0, 0], &[])?.ok();
    let number = u32::from_be_bytes(begun.part(6));
    let terms = (Amount::new(ceiling), version);
    let mac = collection_mac(&key(), &TerminalId(begun.part(0)), number, begun.part(18), terms);
    Ok(counter.send([0x80, 0x76, 0, 0], &[&ceiling.to_be_bytes(), &[version], &mac])?.status)
}

#[test]
fn a_stolen_module_stops_at_its_ceiling() {
    let (mut desk, mut counter) = (card(), Counter::new());
    for _ in 0..2 {
        assert_eq!(sell(&mut desk, &mut counter, 2_000, &factor()), 0x9000);
    }
    let begun = desk.initialise(1, 2, 1_000).unwrap().ok();
    for _ in 0..6 {
        counter.authorise(&begun, 1_000, Kind::Purchase, &factor()).unwrap().ok();
    }
    assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x6985);
    counter.power_cycle().unwrap();
    assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x6985);
    assert_eq!(collect(&mut counter, 500, 1).unwrap(), 0x9000);
    counter.authorise(&begun, 500, Kind::Purchase, &factor()).unwrap().ok();
    assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x6985);
}

#[test]
fn a_collection_is_good_once_and_versions_only_grow() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let begun = counter.send([0x80, 0x74, 0, 0], &[]).unwrap().ok();
    let mac = collection_mac(&key(), &TERMINAL, 0, begun.part(18), (Amount::new(1), 2));
    let parts: [&[u8]; 3] = [&1_u32.to_be_bytes(), &[2], &mac];
    assert_eq!(counter.send([0x80, 0x76, 0, 0], &parts).unwrap().status, 0x9000);
    assert_eq!(counter.send([0x80, 0x76, 0, 0], &parts).unwrap().status, 0x6984);
    counter.send([0x80, 0x74, 0, 0], &[]).unwrap().ok();
    assert_eq!(counter.send([0x80, 0x76, 0, 0], &parts).unwrap().status, 0x6988, "the number has moved on");
    assert_eq!(collect(&mut counter, 10_000, 1).unwrap(), 0x6985);
    let old = desk.initialise(1, 2, 1).unwrap().ok();
    assert_eq!(counter.authorise(&old, 1, Kind::Purchase, &factor()).unwrap().status, 0x9403, "an aged key");
}

#[test]
fn a_wrong_algorithm_version_or_kind_is_refused() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let begun = desk.initialise(1, 2, 1).unwrap().ok();
    let with = |at: usize, byte: u8| {
        let mut other = begun.clone();
        other.data[at] = byte;
        other
    };
    assert_eq!(counter.authorise(&with(9, 9), 1, Kind::Purchase, &factor()).unwrap().status, 0x9403);
    assert_eq!(counter.authorise(&with(10, 4), 1, Kind::Purchase, &factor()).unwrap().status, 0x6A80);
    assert_eq!(counter.authorise(&begun, 1, Kind::LoadPurse, &factor()).unwrap().status, 0x6A80);
    assert_eq!(counter.send([0x80, 0x72, 0, 0], &[&[0; 4]]).unwrap().status, 0x6901);
}

#[test]
fn a_module_at_the_end_of_its_numbers_is_exhausted_for_ever() {
    let mut body = [0; 2048];
    let contents = ModuleContents::personalised(&personalisation(&master_keys())).unwrap();
    contents.write(&mut Writer::new(&mut body));
    // After file identifier, serial number, terminal, SM4 identifier, lowest version and three sums.
    body[33..37].copy_from_slice(&(u32::MAX - 1).to_be_bytes());
    let contents = ModuleContents::read(&mut Reader::new(&body)).unwrap();
    let mut counter = Counter { module: Module::install(Memory::new(), contents).unwrap() };
    counter.select();
    let mut desk = card();
    assert_eq!(sell(&mut desk, &mut counter, 1, &factor()), 0x9000);
    let begun = desk.initialise(1, 2, 1).unwrap().ok();
    for _ in 0..3 {
        assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x9402);
        assert_eq!(collect(&mut counter, 10_000, 1).unwrap(), 0x9000);
        counter.power_cycle().unwrap();
    }
}

/// Every write of MAC1, MAC2 and collection is torn: no number is used twice, and the ceiling holds.
#[test]
fn a_torn_module_never_repeats_a_transaction_number() {
    let mut points = 0;
    for tear in Tear::SAMPLES {
        for at in 0..80 {
            let (mut desk, mut counter) = (card(), Counter::new());
            let first = desk.initialise(1, 2, 10).unwrap().ok();
            let first = counter.authorise(&first, 10, Kind::Purchase, &factor()).unwrap().ok();
            counter.module.nvm_mut().cut_at(at, tear);
            let begun = desk.initialise(1, 2, 10).unwrap().ok();
            let torn = counter.authorise(&begun, 10, Kind::Purchase, &factor());
            let checked = torn.is_ok().then(|| {
                // The MAC is wrong: the try is counted, whatever is torn.
                counter.send([0x80, 0x72, 0, 0], &[&[0; 4]])
            });
            counter.power_cycle().unwrap();
            let begun = desk.initialise(1, 2, 10).unwrap().ok();
            let last = counter.authorise(&begun, 10, Kind::Purchase, &factor()).unwrap().ok();
            let number = |answer: &Answer| u32::from_be_bytes(answer.part(0));
            assert!(number(&last) > number(&first));
            if let Ok(torn) = &torn {
                assert!(number(&last) > number(torn));
            }
            let authorised = counter.module.contents().authorised().units();
            assert!(authorised == 10 * number(&last) + 10, "{authorised}");
            points += 1;
            if matches!(checked, Some(Ok(_))) {
                break;
            }
        }
    }
    assert!(points > 200, "{points}");
}
