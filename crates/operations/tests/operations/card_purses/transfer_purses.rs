//! Cards that pay each other: loaded from a wallet, and everything on them stands in the ledger.

use std::sync::Arc;

use card_reader::in_process::InProcess;
use issuer::transfer_purse as host;
use ledger::{CreateTransferStatus, Engine, NANOSECONDS_PER_SECOND, Timestamp};
use messages::card::Asn;
use operations::card_purses::loads::OrderLoad;
use operations::card_purses::transfer_purse;
use operations::card_purses::transfer_purse_renewal::{CERTIFICATE_DAYS, RENEWED_WITH_DAYS_LEFT, renewal};
use operations::card_purses::transfer_purse_visit::{
    self, Brought, IssuerMessage, PaidException, REPORT_AGE_MAX, Visit,
};
use operations::card_purses::{CardPurseRefusal, ISSUER, issuing, lost};
use operations::closing::{self, StillOpen};
use operations::{Clock, OperationError, Origin, Receipt, start_up_check, totals};
use pki::{Certificate, CertificateChain, Day, PublicKey, SubjectId};
use purse::{
    amount::Amount,
    journal,
    simulated::SimulatedNvm,
    vtp::{
        Application, AuthorityKind, AuthoritySequence, Contents, Currency, EXCEPTIONS_MAX, POCKETS,
        PayDetails, Personalisation, Pocket, PocketLimits, Series, TransferSequence,
    },
};
use purse_to_purse::{HeldPurse, Terms, Trouble, face_to_face};
use records::operations::OperationState;
use records::simulated::SimulatedRecords;
use serde_json::Value;
use wallet::chart;
use wallet::closing_postings::wallet_closed;
use wallet::purse_chart::PurseName;

use super::plastic::bytes;
use super::stage::{FOUNDER, Stage, refused, stage};
use crate::world::{CNY, cny, key, now};

const VALID_YEARS: u32 = 5;
const WORDS: usize = journal::words_needed::<Contents>();
type Slot = InProcess<Application<SimulatedNvm<WORDS>>>;
const YUAN: (Currency, Series) = (Currency([0x01, 0x56]), Series([0, 1]));

/// The part of a card that pays others, made from the personalisation file of the server.
fn made_from(file: &str) -> Slot {
    let file: Value = serde_json::from_str(file).unwrap();
    let fields = &file["transfer"];
    let field = |value: &Value| bytes(value.as_str().unwrap());
    let certificate = |value: &Value| Certificate::parse(&field(value)).unwrap();
    let credentials = fields["credentials"].as_array().unwrap();
    let seeds: Vec<[u8; 32]> =
        credentials.iter().map(|one| field(&one["seed"]).try_into().unwrap()).collect();
    let chains: Vec<CertificateChain> = credentials
        .iter()
        .map(|one| CertificateChain {
            issuer: certificate(&one["issuer_certificate"]),
            subject: certificate(&one["certificate"]),
        })
        .collect();
    let most = |name: &str| Amount::new(u32::try_from(fields["pockets"][0][name].as_u64().unwrap()).unwrap());
    let limits = PocketLimits {
        balance_max: most("balance_max"),
        transfer_max: most("transfer_max"),
        sent_max: most("sent_max"),
        received_max: most("received_max"),
    };
    let mut pockets = [Pocket::UNUSED; POCKETS];
    pockets[0] = Pocket::empty(YUAN.0, YUAN.1, limits);
    let scheme_key: [u8; 32] = field(&fields["scheme_key"]).try_into().unwrap();
    let contents = Contents::personalised(&Personalisation {
        scheme: (
            SubjectId(field(&fields["scheme"]).try_into().unwrap()),
            PublicKey::from_bytes(&scheme_key).unwrap(),
        ),
        credentials: [(&seeds[0], &chains[0]), (&seeds[1], &chains[1])],
        pockets,
        pin: (&field(&fields["pin"]), 3),
        next_sequence: TransferSequence(0),
        authority_sequence: AuthoritySequence(0),
        day: Day(u32::try_from(fields["day"].as_u64().unwrap()).unwrap()),
    });
    InProcess::new(Application::install(SimulatedNvm::new(), contents.unwrap()).unwrap(), 3)
}

/// Cards of Alice that pay others: their numbers, and the cards.
fn cards(stage: &mut Stage, count: u32) -> Vec<(Asn, Slot)> {
    let request =
        issuing::BatchRequest { count, currency: CNY, label: "pays".to_owned(), valid_years: VALID_YEARS };
    let batch = now(issuing::order_batch(stage.operations(), FOUNDER, &key("batch"), request)).unwrap();
    let (_, issued) = now(issuing::batch(stage.operations(), batch.id)).unwrap();
    let made = issued.into_iter().map(|card| {
        let file = now(issuing::personalisation(stage.operations(), FOUNDER, card.asn)).unwrap();
        let bind = operations::card_purses::binding::bind;
        let code = card.activation_code.unwrap();
        now(bind(stage.operations(), stage.world.alice, card.asn, &code)).unwrap();
        (card.asn, made_from(&file))
    });
    made.collect()
}

fn load(stage: &Stage, name: &str, card: Asn, minor: u64) -> Result<Receipt, OperationError> {
    let (holder, origin) = (stage.world.alice, Origin::default());
    let request = OrderLoad { holder, card, amount: cny(minor), origin };
    now(transfer_purse::load(stage.operations(), &key(name), request))
}

fn visit(stage: &Stage, slot: &mut Slot, age: u64) -> Visit {
    let seconds = stage.world.clock.now().0 / NANOSECONDS_PER_SECOND - age;
    let mut challenge = [7; 16];
    challenge[..8].copy_from_slice(&seconds.to_be_bytes());
    let mut held = HeldPurse::select(slot).unwrap();
    let certificates = held.certificates().unwrap();
    let (report, signature) = held.report(&challenge).unwrap();
    let certificates = [certificates.issuer.to_vec(), certificates.purse.to_vec()];
    let exceptions = held.signed_exceptions().unwrap();
    Visit { certificates, challenge, report, signature, exceptions }
}

/// The card fetches its messages and takes them. Says how many there were.
fn collect(stage: &Stage, slot: &mut Slot) -> usize {
    let visit = visit(stage, slot, 0);
    let messages = now(transfer_purse_visit::receive(stage.operations(), &visit)).unwrap();
    let mut held = HeldPurse::select(slot).unwrap();
    for message in &messages {
        held.take_from_issuer(message.kind, &message.to_bytes()).unwrap();
    }
    messages.len()
}

fn balance(slot: &Slot) -> u32 {
    slot.device().unwrap().contents().balance(YUAN.0, YUAN.1).unwrap().units()
}

fn float(stage: &Stage) -> i128 {
    now(totals::count(stage.operations())).unwrap().currencies[0].transfer_purses
}

fn today(stage: &Stage) -> Day {
    Day(u32::try_from(stage.world.clock.now().0 / NANOSECONDS_PER_SECOND / 86_400).unwrap())
}

fn terms(units: u32) -> Terms {
    Terms { amount: Amount::new(units), currency: YUAN.0, series: YUAN.1 }
}

#[test]
fn a_card_is_loaded_pays_another_one_and_the_ledger_holds_what_is_on_both() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    let receipt = load(&stage, "a", cards[0].0, 700).unwrap();
    assert_eq!(receipt.state, OperationState::Completed);
    load(&stage, "b", cards[0].0, 55).unwrap();
    assert_eq!((float(&stage), balance(&cards[0].1)), (755, 0), "value is on its way");
    assert_eq!(collect(&stage, &mut cards[0].1), 2);
    assert_eq!(collect(&stage, &mut cards[0].1), 0);
    let today = today(&stage);
    let [(_, first), (_, second)] = cards.as_mut_slice() else { unreachable!() };
    face_to_face(first, second, terms(300), today).unwrap();
    assert_eq!((balance(first), balance(second)), (455, 300));
    assert_eq!(float(&stage), 755);
    stage.check();
}

#[test]
fn a_load_that_is_asked_for_again_is_one_load() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 1);
    let first = load(&stage, "a", cards[0].0, 700).unwrap();
    assert_eq!(load(&stage, "a", cards[0].0, 700).unwrap().id, first.id);
    assert_eq!(load(&stage, "a", cards[0].0, 701), Err(OperationError::KeyReused));
    assert_eq!(collect(&stage, &mut cards[0].1), 1);
    assert_eq!((balance(&cards[0].1), float(&stage)), (700, 700));
}

#[test]
fn a_wallet_with_too_little_loads_nothing_and_takes_no_number() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 1);
    let wallet = now(operations::balances::of_holder(stage.operations(), stage.world.alice)).unwrap();
    let all = wallet[0].balance.available.minor();
    let declined = load(&stage, "most", cards[0].0, all + 1).unwrap();
    assert_eq!((declined.state, float(&stage)), (OperationState::Declined, 0));
    load(&stage, "some", cards[0].0, 5).unwrap();
    assert_eq!(collect(&stage, &mut cards[0].1), 1);
    assert_eq!((balance(&cards[0].1), float(&stage)), (5, 5));
}

#[test]
fn a_message_that_was_lost_is_fetched_again_and_taken_once() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 1);
    load(&stage, "a", cards[0].0, 700).unwrap();
    let slot = &mut cards[0].1;
    let asked = visit(&stage, slot, 0);
    let lost = now(transfer_purse_visit::receive(stage.operations(), &asked)).unwrap();
    let again = now(transfer_purse_visit::receive(stage.operations(), &asked)).unwrap();
    assert_eq!(lost, again);
    let mut held = HeldPurse::select(slot).unwrap();
    held.take_from_issuer(AuthorityKind::Load, &lost[0].to_bytes()).unwrap();
    let twice = held.take_from_issuer(AuthorityKind::Load, &again[0].to_bytes());
    assert!(matches!(twice, Err(Trouble::Card(..))), "{twice:?}");
    drop(held);
    assert_eq!(balance(slot), 700);
}

#[test]
fn another_cards_messages_are_not_told_and_fit_no_other_card() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    assert_eq!(collect(&stage, &mut cards[1].1), 0);
    let asked = visit(&stage, &mut cards[0].1, 0);
    let messages = now(transfer_purse_visit::receive(stage.operations(), &asked)).unwrap();
    let mut other = HeldPurse::select(&mut cards[1].1).unwrap();
    assert!(other.take_from_issuer(AuthorityKind::Load, &messages[0].to_bytes()).is_err());
}

#[test]
fn a_report_that_is_old_changed_or_strange_gets_nothing() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 1);
    load(&stage, "a", cards[0].0, 700).unwrap();
    let ask = |visit: &Visit| now(transfer_purse_visit::receive(stage.operations(), visit));
    let old = visit(&stage, &mut cards[0].1, REPORT_AGE_MAX + 1);
    assert_eq!(ask(&old), refused(CardPurseRefusal::MacWrong));
    let good = visit(&stage, &mut cards[0].1, 0);
    let mut changed = good.clone();
    changed.report[7] ^= 1;
    assert_eq!(ask(&changed), refused(CardPurseRefusal::MacWrong));
    let mut strange = good.clone();
    strange.certificates[1][20] ^= 1;
    assert_eq!(ask(&strange), refused(CardPurseRefusal::NoKey));
    assert_eq!(ask(&good).unwrap().len(), 1);
    now(lost::report(stage.operations(), stage.world.alice, cards[0].0)).unwrap();
    assert_eq!(ask(&good), refused(CardPurseRefusal::CardNotServed));
    assert_eq!(load(&stage, "b", cards[0].0, 1), refused(CardPurseRefusal::CardNotServed));
}

#[test]
fn records_that_were_lost_change_no_message() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 1);
    let backup = stage.world.records.image().unwrap();
    load(&stage, "a", cards[0].0, 700).unwrap();
    load(&stage, "b", cards[0].0, 50).unwrap();
    let asked = visit(&stage, &mut cards[0].1, 0);
    let before = now(transfer_purse_visit::receive(stage.operations(), &asked)).unwrap();
    stage.restart(Arc::new(SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap()));
    now(start_up_check::run(stage.operations())).unwrap();
    let after = now(transfer_purse_visit::receive(stage.operations(), &asked)).unwrap();
    assert_eq!(before, after);
    assert_eq!(load(&stage, "a", cards[0].0, 700).unwrap().state, OperationState::Completed);
    assert_eq!(float(&stage), 750);
    stage.check();
}

/// A payment whose value is on its way when both holders give it up.
fn lose(stage: &Stage, payer: &mut Slot, payee: &mut Slot, units: u32) {
    let details = {
        let (from, to) = (
            HeldPurse::select(payer).unwrap().identify().unwrap(),
            HeldPurse::select(payee).unwrap().identify().unwrap(),
        );
        PayDetails {
            from: from.purse,
            from_sequence: from.next_sequence,
            to: to.purse,
            to_sequence: to.next_sequence,
            amount: Amount::new(units),
            currency: YUAN.0,
            series: YUAN.1,
        }
    };
    let today = today(stage);
    let [of_payer, of_payee] =
        [&mut *payer, &mut *payee].map(|slot| HeldPurse::select(slot).unwrap().certificates().unwrap());
    let mut held = HeldPurse::select(payer).unwrap();
    held.meet(&of_payee, today).unwrap();
    held.start_to_pay(&details).unwrap();
    let mut other = HeldPurse::select(payee).unwrap();
    other.meet(&of_payer, today).unwrap();
    let req = other.start_to_receive(&details).unwrap();
    let _val_that_nobody_brings = held.take_req(&req).unwrap();
    held.give_up().unwrap();
    other.give_up().unwrap();
}

fn brought(stage: &Stage, card: Asn) -> Vec<Brought> {
    now(transfer_purse_visit::brought(stage.operations(), card, CNY)).unwrap()
}

fn paid_exceptions(stage: &Stage, card: Asn) -> Vec<PaidException> {
    now(transfer_purse_visit::paid_exceptions(stage.operations(), card, CNY)).unwrap()
}

fn logged(slot: &mut Slot) -> usize {
    HeldPurse::select(slot).unwrap().exceptions().unwrap().len()
}

#[test]
fn what_both_cards_prove_was_lost_comes_back_to_the_payer_once_and_both_logs_are_cleared() {
    for payer_first in [true, false] {
        let mut stage = stage(0, 0);
        let mut cards = cards(&mut stage, 2);
        let (payer, payee) = (cards[0].0, cards[1].0);
        load(&stage, "a", payer, 700).unwrap();
        collect(&stage, &mut cards[0].1);
        let [(_, from), (_, to)] = cards.as_mut_slice() else { unreachable!() };
        lose(&stage, from, to, 300);
        assert_eq!((balance(from), balance(to), logged(from), logged(to)), (400, 0, 1, 1));
        let (first, second) = if payer_first { (&mut *from, &mut *to) } else { (&mut *to, &mut *from) };
        collect(&stage, first);
        assert_eq!(brought(&stage, payer).len(), 1, "one side proves nothing");
        assert_eq!(logged(first), 0, "what is noted need not be kept");
        collect(&stage, second);
        collect(&stage, from);
        collect(&stage, to);
        assert_eq!((balance(from), balance(to), logged(from), logged(to)), (700, 0, 0, 0));
        let came: Vec<(u64, bool)> =
            brought(&stage, payer).iter().map(|one| (one.amount.minor(), one.is_given_back)).collect();
        assert_eq!(came, [(300, true), (700, false)]);
        assert!(brought(&stage, payee).is_empty());
        assert!(paid_exceptions(&stage, payer).iter().all(|one| one.is_given_back));
        assert_eq!(float(&stage), 700);
        stage.check();
    }
}

#[test]
fn a_payer_alone_gets_nothing_back_and_may_pay_on() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    collect(&stage, &mut cards[0].1);
    let payer = cards[0].0;
    let [(_, from), (_, to)] = cards.as_mut_slice() else { unreachable!() };
    for _ in 0..EXCEPTIONS_MAX {
        lose(&stage, from, to, 10);
    }
    let refused = face_to_face(from, to, terms(10), today(&stage));
    assert!(refused.is_err(), "a full log pays nobody: {refused:?}");
    assert_eq!(collect(&stage, from), 2, "the log is cleared, and the sums begin again");
    assert_eq!((logged(from), balance(from)), (0, 650));
    let noted = paid_exceptions(&stage, payer);
    assert_eq!((noted.len(), noted.iter().filter(|one| one.is_given_back).count()), (EXCEPTIONS_MAX, 0));
    collect(&stage, to);
    collect(&stage, from);
    assert_eq!((balance(from), float(&stage)), (700, 700));
    face_to_face(from, to, terms(10), today(&stage)).unwrap();
    stage.check();
}

#[test]
fn a_log_that_grew_before_its_code_came_gets_another_code_for_the_same_number() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    collect(&stage, &mut cards[0].1);
    let [(_, from), (_, to)] = cards.as_mut_slice() else { unreachable!() };
    lose(&stage, from, to, 100);
    let asked = visit(&stage, from, 0);
    let early = now(transfer_purse_visit::receive(stage.operations(), &asked)).unwrap();
    lose(&stage, from, to, 50);
    let mut held = HeldPurse::select(from).unwrap();
    assert!(
        held.take_from_issuer(early[0].kind, &early[0].to_bytes()).is_err(),
        "the code is for another log"
    );
    drop(held);
    collect(&stage, from);
    collect(&stage, to);
    collect(&stage, from);
    assert_eq!((balance(from), logged(from), logged(to)), (700, 0, 0));
    assert_eq!(float(&stage), 700);
    stage.check();
}

#[test]
fn sums_begin_again_once_a_day_and_a_card_that_never_visits_stops() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    collect(&stage, &mut cards[0].1);
    let [(_, from), (_, to)] = cards.as_mut_slice() else { unreachable!() };
    let sent = |slot: &Slot| slot.device().unwrap().contents().pockets()[0].sent.units();
    face_to_face(from, to, terms(300), today(&stage)).unwrap();
    assert_eq!((sent(from), collect(&stage, from), sent(from)), (300, 1, 0));
    face_to_face(from, to, terms(30), today(&stage)).unwrap();
    assert_eq!((collect(&stage, from), sent(from)), (0, 30), "tomorrow again");
    stage.world.clock.pass(86_400);
    assert_eq!((collect(&stage, from), sent(from)), (1, 0));
    let limits = from.device().unwrap().contents().pockets()[0].limits;
    assert_eq!((limits.sent_max.units(), limits.transfer_max.units()), (500_000, 50_000));
    assert_eq!(float(&stage), 700);
    stage.check();
}

const DAY: u64 = 86_400;

/// The card shows itself, and takes the certificates that it gets for that.
fn renew(stage: &Stage, slot: &mut Slot) -> Option<CertificateChain> {
    let visit = visit(stage, slot, 0);
    let renewed = now(renewal(stage.operations(), &visit)).unwrap();
    assert_eq!(renewed, now(renewal(stage.operations(), &visit)).unwrap(), "the same on the same day");
    if let Some(chain) = &renewed {
        HeldPurse::select(slot).unwrap().renew(&chain.into()).unwrap();
    }
    renewed
}

fn good_until(slot: &mut Slot) -> Day {
    let shown = HeldPurse::select(slot).unwrap().certificates().unwrap();
    Certificate::parse(&shown.purse).unwrap().body().valid_until
}

#[test]
fn a_card_that_visits_keeps_good_certificates_and_one_that_does_not_pays_nobody_until_it_does() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    collect(&stage, &mut cards[0].1);
    let [(_, from), (_, to)] = cards.as_mut_slice() else { unreachable!() };
    let first = good_until(from);
    assert!((CERTIFICATE_DAYS - 2..=CERTIFICATE_DAYS).contains(&(first.0 - today(&stage).0)));
    assert_eq!(renew(&stage, from), None, "they are new");
    stage.world.clock.pass(u64::from(CERTIFICATE_DAYS - RENEWED_WITH_DAYS_LEFT) * DAY);
    let renewed = renew(&stage, from).unwrap();
    assert_eq!(good_until(from), renewed.subject.body().valid_until);
    assert_eq!(good_until(from).0, today(&stage).0 - 1 + CERTIFICATE_DAYS);
    assert_eq!(renew(&stage, from), None, "they are new again");
    // The other one never came, and its certificates are over now.
    stage.world.clock.pass(u64::from(RENEWED_WITH_DAYS_LEFT) * DAY);
    assert!(good_until(to) < today(&stage) && good_until(from) > today(&stage));
    let refused = face_to_face(from, to, terms(300), today(&stage)).unwrap_err();
    assert!(refused.to_string().contains("gets new ones where it collects"), "{refused}");
    assert!(renew(&stage, to).is_some());
    face_to_face(from, to, terms(300), today(&stage)).unwrap();
    assert_eq!((balance(from), balance(to), float(&stage)), (400, 300, 700));
    stage.check();
}

#[test]
fn certificates_end_with_the_card_and_what_is_on_it_can_still_be_given_back() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 1);
    let (asn, ref mut slot) = cards[0];
    load(&stage, "a", asn, 700).unwrap();
    collect(&stage, slot);
    let years = u64::from(VALID_YEARS) * 366;
    for _ in 0..=years / 60 {
        renew(&stage, slot);
        stage.world.clock.pass(60 * DAY);
    }
    let last = good_until(slot);
    assert!(last < today(&stage), "no certificate is good for longer than the card");
    assert_eq!(renew(&stage, slot), None);
    unload(&stage, slot, 700).unwrap().iter().for_each(|message| {
        let mut held = HeldPurse::select(slot).unwrap();
        held.take_from_issuer(message.kind, &message.to_bytes()).unwrap();
    });
    collect(&stage, slot);
    assert_eq!((balance(slot), float(&stage)), (0, 0));
    stage.check();
}

#[test]
fn a_card_on_the_status_list_gets_no_certificates() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 1);
    let (asn, ref mut slot) = cards[0];
    stage.world.clock.pass(u64::from(CERTIFICATE_DAYS) * DAY);
    let visit = visit(&stage, slot, 0);
    now(lost::report(stage.operations(), stage.world.alice, asn)).unwrap();
    let refusal = now(renewal(stage.operations(), &visit)).unwrap_err();
    assert_eq!(refusal, OperationError::CardPurse(CardPurseRefusal::CardNotServed));
}

#[test]
fn an_exception_that_was_changed_or_is_anothers_is_not_believed() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    collect(&stage, &mut cards[0].1);
    let [(payer, from), (_, to)] = cards.as_mut_slice() else { unreachable!() };
    lose(&stage, from, to, 100);
    let good = visit(&stage, from, 0);
    let others = visit(&stage, to, 0);
    let mut changed = good.clone();
    changed.exceptions[0].0[44] ^= 1;
    let strange = Visit { exceptions: others.exceptions, ..good.clone() };
    let ask = |visit: &Visit| now(transfer_purse_visit::receive(stage.operations(), visit));
    assert_eq!(ask(&changed), refused(CardPurseRefusal::MacWrong));
    assert_eq!(ask(&strange), refused(CardPurseRefusal::MacWrong));
    assert!(paid_exceptions(&stage, *payer).is_empty());
    assert_eq!(ask(&good), ask(&good), "the same visit gets the same messages");
}

#[test]
fn records_that_were_lost_forget_no_exception() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    collect(&stage, &mut cards[0].1);
    let backup = stage.world.records.image().unwrap();
    let [(_, from), (_, to)] = cards.as_mut_slice() else { unreachable!() };
    lose(&stage, from, to, 300);
    collect(&stage, from);
    stage.restart(Arc::new(SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap()));
    now(start_up_check::run(stage.operations())).unwrap();
    collect(&stage, to);
    collect(&stage, from);
    assert_eq!((balance(from), float(&stage)), (700, 700));
    stage.check();
}

/// The card asks to give an amount back. Answers what it was told, before it takes anything.
fn unload(stage: &Stage, slot: &mut Slot, minor: u64) -> Result<Vec<IssuerMessage>, OperationError> {
    let visit = visit(stage, slot, 0);
    now(transfer_purse_visit::unload(stage.operations(), &visit, cny(minor)))
}

fn wallet(stage: &Stage) -> u64 {
    let wallets = now(operations::balances::of_holder(stage.operations(), stage.world.alice)).unwrap();
    wallets[0].balance.available.minor()
}

#[test]
fn what_a_card_gives_back_is_in_the_wallet_once_the_card_has_shown_it() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    collect(&stage, &mut cards[0].1);
    let before = wallet(&stage);
    let [(_, from), (payee, to)] = cards.as_mut_slice() else { unreachable!() };
    face_to_face(from, to, terms(600), today(&stage)).unwrap();
    collect(&stage, to);
    let told = unload(&stage, to, 250).unwrap();
    assert_eq!(told, unload(&stage, to, 250).unwrap(), "the same visit gets the same message");
    assert_eq!(unload(&stage, to, 251), refused(CardPurseRefusal::CollectFirst));
    assert_eq!((wallet(&stage), float(&stage)), (before, 700), "nothing moves before the card has taken it");
    let waiting = now(transfer_purse_visit::unloads_waiting(stage.operations(), *payee, CNY)).unwrap();
    assert_eq!(waiting, [cny(250)]);
    let closed = now(closing::close(stage.operations(), &key("close"), stage.world.alice, None)).unwrap();
    assert_eq!(closed, Err(StillOpen::OnCard(cny(250))));
    let mut held = HeldPurse::select(to).unwrap();
    held.take_from_issuer(told[0].kind, &told[0].to_bytes()).unwrap();
    drop(held);
    assert_eq!((balance(to), wallet(&stage)), (350, before));
    for _ in 0..2 {
        collect(&stage, to);
        assert_eq!((balance(to), wallet(&stage), float(&stage)), (350, before + 250, 450));
    }
    assert_eq!(unload(&stage, to, 351), refused(CardPurseRefusal::CardHoldsLess));
    assert_eq!(unload(&stage, to, 0), refused(CardPurseRefusal::Amount));
    collect(&stage, from);
    collect(&stage, to);
    assert_eq!((balance(from), balance(to)), (100, 350));
    stage.check();
}

#[test]
fn an_unload_is_told_again_also_where_new_sums_wait_behind_it() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 2);
    load(&stage, "a", cards[0].0, 700).unwrap();
    collect(&stage, &mut cards[0].1);
    let [(_, from), (_, to)] = cards.as_mut_slice() else { unreachable!() };
    face_to_face(from, to, terms(600), today(&stage)).unwrap();
    let told = unload(&stage, to, 250).unwrap();
    let kinds: Vec<AuthorityKind> = told.iter().map(|message| message.kind).collect();
    assert_eq!(kinds, [AuthorityKind::Unload, AuthorityKind::Synchronise]);
    assert_eq!(unload(&stage, to, 250), Ok(told));
    assert_eq!(unload(&stage, to, 251), refused(CardPurseRefusal::CollectFirst));
}

/// The ledger closes Alice's wallet, as a closing does that a crash interrupts.
fn close_in_ledger(stage: &Stage) {
    let closed = wallet_closed(stage.world.alice, CNY, Timestamp(1));
    let mut engine = stage.world.engine.lock().unwrap();
    engine.create_accounts(Timestamp(1), &[chart::closings(CNY)]).unwrap();
    assert!(engine.create_transfers(Timestamp(1), &[closed]).unwrap()[0].status.is_done());
}

#[test]
fn what_a_card_gives_back_to_a_closed_wallet_goes_to_suspense_once() {
    for is_refused_before in [false, true] {
        let mut stage = stage(0, 0);
        let mut cards = cards(&mut stage, 1);
        load(&stage, "a", cards[0].0, 700).unwrap();
        let (asn, slot) = &mut cards[0];
        collect(&stage, slot);
        let told = unload(&stage, slot, 200).unwrap();
        HeldPurse::select(slot).unwrap().take_from_issuer(told[0].kind, &told[0].to_bytes()).unwrap();
        close_in_ledger(&stage);
        if is_refused_before {
            // What a server did that stopped right after.
            let name = PurseName([&ISSUER.0[..], &asn.0].concat().try_into().unwrap());
            let asked = host::unload(&name, told[0].number, cny(200));
            let chain = host::unloaded(&asked, chart::wallet_id(stage.world.alice, CNY));
            let results = stage.world.engine.lock().unwrap().create_transfers(Timestamp(1), &chain).unwrap();
            assert_eq!(results[1].status, CreateTransferStatus::CreditAccountAlreadyClosed);
        }
        for _ in 0..2 {
            collect(&stage, slot);
            let totals = now(totals::count(stage.operations())).unwrap();
            assert_eq!((totals.currencies[0].suspense, float(&stage)), (200, 500));
        }
        let waiting = now(transfer_purse_visit::unloads_waiting(stage.operations(), *asn, CNY)).unwrap();
        assert_eq!(waiting, []);
        now(start_up_check::run(stage.operations())).unwrap();
        stage.check();
    }
}

#[test]
fn an_unload_whose_record_was_lost_is_in_the_history_again() {
    let mut stage = stage(0, 0);
    let mut cards = cards(&mut stage, 1);
    load(&stage, "a", cards[0].0, 700).unwrap();
    let slot = &mut cards[0].1;
    collect(&stage, slot);
    let backup = stage.world.records.image().unwrap();
    let told = unload(&stage, slot, 200).unwrap();
    HeldPurse::select(slot).unwrap().take_from_issuer(told[0].kind, &told[0].to_bytes()).unwrap();
    collect(&stage, slot);
    let before = wallet(&stage);
    stage.restart(Arc::new(SimulatedRecords::from_image(&backup, Box::new(|_| false)).unwrap()));
    assert_eq!(now(start_up_check::run(stage.operations())).unwrap().rebuilt, 1);
    let read = stage.operations().services().records.read(|sql| {
        let rows = sql.query("SELECT kind FROM operations ORDER BY seq DESC LIMIT 1", &[])?;
        rows[0].text(0).map(str::to_owned)
    });
    assert_eq!(now(read).unwrap(), "transfer_purse_unload");
    collect(&stage, slot);
    assert_eq!((wallet(&stage), balance(slot), float(&stage)), (before, 500, 500));
    stage.check();
}
