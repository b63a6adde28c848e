//! Sales at the till: what is taken, what is refused, what happens when cards leave and lie.

use card_reader::in_process::InProcess;
use globalplatform::status::StatusWord;
use messages::card::{CardStatus, KeyVersion, TerminalParameters, Units};
use purse::{amount::Amount, fake_card::FakeCard, fields::DateTime};
use terminal::{
    book::State,
    clock::ClockError,
    entry::{List, NotDone, RecordNumber},
    refusal::{Failure, Refusal},
    simulated_disk::SimulatedDisk,
    terminal::{Circumstances, Network},
};

use crate::shop::{
    Leaves, Restless, asn, at, card, empty_card, field, held, hold_again, issuer, load, module, now,
    public_information, refused, restart, sale, start, sums, till,
};

#[test]
fn a_card_pays_and_the_receipt_says_what_it_holds() {
    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    let receipt = till.sell(&mut field, &sale(1, 300), &at(9, 0)).unwrap();
    assert_eq!((receipt.amount.units(), receipt.balance.units(), held(&field)), (300, 700, 700));
    assert_eq!(receipt.card, asn(1));
    let shift = till.book().summary().shift;
    assert_eq!((shift.totals.sales, shift.totals.sold), (1, 300));
    assert_eq!(till.module_totals().unwrap().verified.units(), 300);
    assert_eq!(restart(till).book().queue().count(), 1);
}

#[test]
fn the_same_sale_is_paid_once_however_often_a_card_is_held() {
    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    till.sell(&mut field, &sale(1, 300), &at(9, 0)).unwrap();
    let again = till.sell(&mut field, &sale(1, 300), &at(9, 1)).unwrap();
    assert!(again.is_recovered);
    assert_eq!(held(&field), 700);
    assert_eq!(refused(till.sell(&mut field, &sale(1, 301), &at(9, 2))), Refusal::OtherAmount);
}

/// Hard case 1: the card is pulled after it debited, before its answer arrived.
#[test]
fn a_card_that_left_after_it_paid_is_booked_once_when_it_comes_back() {
    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    let mut restless = Restless::new(&mut field, Leaves::After(2));
    assert_eq!(till.sell(&mut restless, &sale(1, 300), &at(9, 0)), Err(Failure::Unknown(RecordNumber(0))));
    assert_eq!((held(&field), sums(&till)), (700, (0, 300)));
    let mut till = restart(till);
    hold_again(&mut field);
    let receipt = till.sell(&mut field, &sale(1, 300), &at(9, 1)).unwrap();
    assert!(receipt.is_recovered);
    assert_eq!((held(&field), sums(&till)), (700, (300, 0)));
}

#[test]
fn a_card_that_left_before_it_paid_pays_when_it_comes_back() {
    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    let mut restless = Restless::new(&mut field, Leaves::Before(2));
    assert_eq!(till.sell(&mut restless, &sale(1, 300), &at(9, 0)), Err(Failure::Unknown(RecordNumber(0))));
    let receipt = till.sell(&mut field, &sale(1, 300), &at(9, 1)).unwrap();
    assert_eq!((receipt.number, receipt.is_recovered), (RecordNumber(1), false));
    let first = till.book().record(RecordNumber(0)).unwrap();
    assert_eq!(first.state, State::NotDone(NotDone::CounterStands));
    assert_eq!((held(&field), sums(&till)), (700, (300, 0)));
}

/// Hard case 2: another terminal sees the card first.
#[test]
fn after_another_terminal_the_record_stays_unknown_and_the_sale_is_not_made_twice() {
    let (mut till, mut other, mut field) = (till(1), till(2), field(card(1, 1_000), 1));
    let mut restless = Restless::new(&mut field, Leaves::After(2));
    till.sell(&mut restless, &sale(1, 300), &at(9, 0)).unwrap_err();
    other.sell(&mut field, &sale(2, 50), &at(9, 1)).unwrap();
    let outcome = till.sell(&mut field, &sale(1, 300), &at(9, 2));
    assert_eq!(refused(outcome), Refusal::SaleUnknown(RecordNumber(0)));
    assert_eq!(till.book().record(RecordNumber(0)).unwrap().state, State::MovedOn(None));
    assert_eq!(held(&field), 650);
    till.sell(&mut field, &sale(3, 10), &at(9, 3)).unwrap();
    assert_eq!(sums(&till), (10, 300));
}

/// The other terminal used the very sequence: its proof must not pass for ours.
#[test]
fn the_proof_of_another_terminals_sale_is_not_taken_for_ours() {
    let (mut till, mut other, mut field) = (till(1), till(2), field(card(1, 1_000), 1));
    let mut restless = Restless::new(&mut field, Leaves::Before(2));
    till.sell(&mut restless, &sale(1, 300), &at(9, 0)).unwrap_err();
    other.sell(&mut field, &sale(2, 300), &at(9, 0)).unwrap();
    let outcome = till.sell(&mut field, &sale(1, 300), &at(9, 2));
    assert_eq!(refused(outcome), Refusal::SaleUnknown(RecordNumber(0)));
    assert_eq!((held(&field), sums(&till), sums(&other)), (700, (0, 300), (300, 0)));
}

#[test]
fn while_one_card_may_have_paid_no_other_pays_for_the_same_sale() {
    let (mut till, mut first, mut second) = (till(1), field(card(1, 1_000), 1), field(card(2, 1_000), 2));
    let mut restless = Restless::new(&mut first, Leaves::After(2));
    till.sell(&mut restless, &sale(1, 300), &at(9, 0)).unwrap_err();
    let outcome = till.sell(&mut second, &sale(1, 300), &at(9, 1));
    assert_eq!(refused(outcome), Refusal::OtherCard(RecordNumber(0)));
    till.sell(&mut second, &sale(2, 300), &at(9, 2)).unwrap();
    assert!(till.sell(&mut first, &sale(1, 300), &at(9, 3)).unwrap().is_recovered);
}

/// Hard case 11, on each path.
#[test]
fn a_fake_card_is_refused_on_every_path() {
    use terminal::{Station, gate::Way};
    let mut till = till(1);
    let card = FakeCard { balance: Amount::new(9_999), public_information: public_information(&asn(9)) };
    let mut fake = InProcess::new(card, 1);
    let outcome = till.sell(&mut fake, &sale(1, 300), &at(9, 0));
    assert_eq!(outcome, Err(Failure::NotProved(RecordNumber(0))));
    assert_eq!(refused(till.sell(&mut fake, &sale(1, 300), &at(9, 1))), Refusal::Suspect);
    assert_eq!(refused(till.cancel_last(&mut fake, &at(9, 2))), Refusal::NothingToCancel);
    let here = Station { line: 1, station: 1 };
    assert!(till.pass(&mut fake, (here, &Way::In), &at(9, 3)).is_err());
    let mut till = restart(till);
    assert!(till.sell(&mut fake, &sale(1, 300), &at(9, 4)).is_err(), "after a restart");
    assert_eq!(till.book().records().filter(|record| matches!(record.state, State::Done(_))).count(), 0);
    let owing = terminal::sale::Sale { shortfall: terminal::sale::Shortfall::Owe, ..sale(2, 10_500) };
    let online = Circumstances { network: Network::Up, ..at(9, 5) };
    let mut till = restart(till);
    assert!(till.sell(&mut fake, &owing, &online).is_err(), "a split");
    assert_eq!(till.book().summary().shift.totals.sales, 0);
}

/// Hard case 12: each wrong MAC2 costs the module a try, until it is locked and sells to nobody.
#[test]
fn a_module_that_fake_cards_have_locked_refuses_and_takes_nothing() {
    let mut till = till(1);
    for number in 0..5 {
        let public_information = public_information(&asn(100 + number));
        let fake = FakeCard { balance: Amount::new(9_999), public_information };
        till.sell(&mut InProcess::new(fake, 1), &sale(number, 300), &at(9, 0)).unwrap_err();
    }
    let mut field = field(card(1, 1_000), 1);
    assert_eq!(
        refused(till.sell(&mut field, &sale(50, 300), &at(9, 1))),
        Refusal::Module(StatusWord::BLOCKED)
    );
    assert_eq!(held(&field), 1_000);
}

/// Hard case 17. The reader exchanges the cards when DEBIT is sent.
#[test]
fn a_card_that_takes_the_place_of_another_is_not_debited() {
    use card_reader::reader::{Reader, ReaderError};
    use globalplatform::apdu::{Command, Response};

    struct Swapping<'f>(&'f mut crate::shop::Field, Option<crate::shop::Card>);
    impl Reader for Swapping<'_> {
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
            if command.ins == 0x54
                && let Some(other) = self.1.take()
            {
                self.1 = self.0.swap(other);
            }
            self.0.transmit(command)
        }
    }

    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    let mut swapping = Swapping(&mut field, Some(card(2, 1_000)));
    let outcome = till.sell(&mut swapping, &sale(1, 300), &at(9, 0));
    assert!(matches!(refused(outcome), Refusal::Card(_)));
    let first = swapping.1.take().unwrap();
    assert_eq!((crate::shop::balance(&first), held(&field), sums(&till)), (1_000, 1_000, (0, 0)));
}

#[test]
fn a_card_that_is_listed_expired_or_not_yet_valid_is_refused_and_its_days_are_whole() {
    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    let on = |date: [u8; 4], hour: u8| {
        let local = DateTime([date[0], date[1], date[2], date[3], hour, 0x59, 0x59]);
        Circumstances { now: terminal::clock::Now { local, ..now(9, 0) }, network: Network::Down }
    };
    let early = on([0x20, 0x25, 0x12, 0x31], 0x23);
    till.confirm_time(&early.now).unwrap();
    assert_eq!(refused(till.sell(&mut field, &sale(1, 10), &early)), Refusal::NotYetValid);
    let last = on([0x20, 0x27, 0x12, 0x31], 0x23);
    till.confirm_time(&last.now).unwrap();
    till.sell(&mut field, &sale(1, 10), &last).unwrap();
    let late = on([0x20, 0x28, 0x01, 0x01], 0x00);
    assert_eq!(refused(till.sell(&mut field, &sale(2, 10), &late)), Refusal::Expired);
    till.take_list(List::Status, &issuer::status_list(2, &[asn(1)]), &now(10, 0)).unwrap();
    till.confirm_time(&now(10, 0)).unwrap();
    assert_eq!(refused(till.sell(&mut field, &sale(3, 10), &at(10, 0))), Refusal::Listed(CardStatus::Lost));
}

/// Hard case 21.
#[test]
fn a_clock_that_was_set_back_sells_nothing_also_after_a_restart() {
    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    till.sell(&mut field, &sale(1, 10), &at(9, 30)).unwrap();
    let mut till = restart(till);
    assert_eq!(refused(till.sell(&mut field, &sale(2, 10), &at(9, 29))), Refusal::Clock(ClockError::SetBack));
    till.sell(&mut field, &sale(2, 10), &at(9, 30)).unwrap();
    let local = DateTime([0x20, 0x36, 0x11, 0x22, 9, 0, 0]);
    let far = Circumstances { now: terminal::clock::Now { local, ..now(9, 31) }, network: Network::Down };
    assert_eq!(refused(till.sell(&mut field, &sale(3, 10), &far)), Refusal::Clock(ClockError::FarAhead));
}

#[test]
fn limits_and_key_versions_come_from_the_parameters() {
    let (mut till, mut field) = (till(1), field(card(1, 50_000), 1));
    let online = Circumstances { network: Network::Up, ..at(9, 0) };
    assert_eq!(refused(till.sell(&mut field, &sale(1, 0), &at(9, 0))), Refusal::NoAmount);
    let floor = refused(till.sell(&mut field, &sale(1, 5_001), &at(9, 0)));
    assert_eq!(floor, Refusal::FloorLimit(Amount::new(5_000)));
    till.sell(&mut field, &sale(1, 5_001), &online).unwrap();
    let most = refused(till.sell(&mut field, &sale(2, 20_001), &online));
    assert_eq!(most, Refusal::SaleLimit(Amount::new(20_000)));
    let newer = TerminalParameters { key_version_min: KeyVersion(2), ..issuer::PARAMETERS };
    till.take_list(List::Parameters, &issuer::parameters_of(2, newer), &now(9, 1)).unwrap();
    assert_eq!(refused(till.sell(&mut field, &sale(2, 10), &at(9, 1))), Refusal::KeyVersion);
    let mut young = empty_card(2, 2);
    load(&mut young, 1_000);
    till.sell(&mut crate::shop::field(young, 5), &sale(2, 10), &at(9, 1)).unwrap();
    let none = TerminalParameters { sale_limit: Units(0), ..newer };
    till.take_list(List::Parameters, &issuer::parameters_of(3, none), &now(9, 2)).unwrap();
    assert_eq!(refused(till.sell(&mut field, &sale(3, 10), &at(9, 2))), Refusal::SaleLimit(Amount::ZERO));
}

#[test]
fn without_parameters_or_a_fresh_status_list_nothing_is_sold() {
    let mut till = start(SimulatedDisk::new(), module(1, 10_000));
    let mut field = field(card(1, 1_000), 1);
    assert_eq!(refused(till.sell(&mut field, &sale(1, 10), &at(9, 0))), Refusal::Parameters);
    till.take_list(List::Parameters, &issuer::parameters(1), &now(9, 0)).unwrap();
    assert_eq!(refused(till.sell(&mut field, &sale(1, 10), &at(9, 0))), Refusal::StatusList);
    till.take_list(List::Status, &issuer::status_list(1, &[]), &now(9, 0)).unwrap();
    till.sell(&mut field, &sale(1, 10), &at(9, 0)).unwrap();
    let mut later = at(10, 0);
    later.now.local = DateTime([0x20, 0x26, 0x11, 0x30, 0, 0, 0]);
    later.now.utc.0 += 8 * 86_400;
    assert_eq!(refused(till.sell(&mut field, &sale(2, 10), &later)), Refusal::StatusList);
}

#[test]
fn a_card_without_enough_and_a_module_at_its_ceiling_say_so() {
    let mut till = start(SimulatedDisk::new(), module(1, 100));
    till.take_list(List::Parameters, &issuer::parameters(1), &now(8, 0)).unwrap();
    till.take_list(List::Status, &issuer::status_list(1, &[]), &now(8, 0)).unwrap();
    let mut field = field(card(1, 200), 1);
    assert_eq!(refused(till.sell(&mut field, &sale(1, 201), &at(9, 0))), Refusal::Balance(Amount::new(200)));
    assert_eq!(
        refused(till.sell(&mut field, &sale(1, 101), &at(9, 0))),
        Refusal::Module(StatusWord::CONDITIONS_NOT_MET)
    );
    assert_eq!(held(&field), 200);
}

/// Cards that take turns in the field, each leaving at another command: each pays what it bought, once.
#[test]
fn cards_that_take_turns_pay_each_their_own() {
    for leaves in (0..4).flat_map(|number| [Leaves::Before(number), Leaves::After(number)]) {
        let mut till = till(1);
        let mut fields = [1, 2, 3].map(|number| field(card(number, 1_000), u64::from(number)));
        for (number, field) in [1_u8, 2, 3].into_iter().zip(&mut fields) {
            let mut restless = Restless::new(field, leaves);
            let _ = till.sell(&mut restless, &sale(number, 100 * u32::from(number)), &at(9, number));
        }
        for (number, field) in [3_u8, 2, 1].into_iter().zip(fields.iter_mut().rev()) {
            hold_again(field);
            till.sell(field, &sale(number, 100 * u32::from(number)), &at(10, 0)).unwrap();
        }
        assert_eq!(fields.each_ref().map(held), [900, 800, 700], "{leaves:?}");
        assert_eq!(sums(&till), (600, 0));
    }
}

/// The budget of a tap is eight commands to card and module together; a card that comes back costs three more.
#[test]
fn a_tap_takes_five_commands() {
    use card_reader::reader::{Reader, ReaderError};
    use globalplatform::apdu::{Command, Response};

    struct Counting<'f>(&'f mut crate::shop::Field, usize, usize);
    impl Reader for Counting<'_> {
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
            self.1 += 1;
            self.2 += command.to_bytes().as_slice().len() + response.data().len() + 2;
            Ok(response)
        }
    }

    let (mut till, mut field) = (till(1), field(card(1, 1_000), 1));
    let mut counting = Counting(&mut field, 0, 0);
    till.sell(&mut counting, &sale(1, 300), &at(9, 0)).unwrap();
    // And two to the module: 80 70 and 80 72.
    assert_eq!((counting.1, counting.2), (3, 130));
}

mod whatever_a_card_answers {
    use card_reader::reader::{Reader, ReaderError};
    use globalplatform::apdu::{Command, Response};
    use proptest::prelude::*;
    use terminal::{
        Station,
        gate::Way,
        sale::{Sale, Shortfall},
    };

    use super::*;

    /// Answers with bytes from a list, mostly of the length that was asked for, mostly with 9000.
    struct Babbling(Vec<(u8, u8)>);

    impl Reader for Babbling {
        fn is_card_present(&mut self) -> Result<bool, ReaderError> {
            Ok(true)
        }
        fn power_on(&mut self) -> Result<(), ReaderError> {
            Ok(())
        }
        fn power_off(&mut self) {}
        fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
            let (choice, filling) = self.0.pop().ok_or(ReaderError::Lost)?;
            let asked = usize::from(command.le().unwrap_or(0));
            let content = match (command.ins, choice) {
                (0xA4, 0..200) => {
                    [&[0x6F, 0x23, 0xA5, 0x21, 0x9F, 0x0C, 30][..], &public_information(&asn(9))].concat()
                }
                (0x50, 0..200) => [[0, 0, 0xFF, filling], [0, filling, 0, 0], [0, 1, 0, 1], [2, 3, 4, 5]]
                    .concat()[..15]
                    .to_vec(),
                (_, 0..230) => vec![filling; if asked == 256 { 128 } else { asked }],
                _ => vec![filling; usize::from(choice)],
            };
            let status =
                if choice % 9 == 8 { StatusWord(0x6900 | u16::from(filling)) } else { StatusWord::SUCCESS };
            Ok(Response::with_data(&content).map_err(|_| ReaderError::Lost)?.with_status(status))
        }
    }

    proptest! {
        #[test]
        fn nothing_is_sold_without_a_proof(
            answers in prop::collection::vec(any::<(u8, u8)>(), 0..12),
            again in prop::collection::vec(any::<(u8, u8)>(), 0..12),
        ) {
            let mut till = till(1);
            let owing = Sale { shortfall: Shortfall::Owe, ..sale(1, 300) };
            let here = Station { line: 1, station: 1 };
            for mut card in [Babbling(answers.clone()), Babbling(again)] {
                prop_assert!(till.sell(&mut card, &owing, &at(9, 0)).is_err());
                prop_assert!(till.cancel_last(&mut card, &at(9, 1)).is_err());
            }
            prop_assert!(till.pass(&mut Babbling(answers), (here, &Way::In), &at(9, 2)).is_err());
            let till = restart(till);
            prop_assert_eq!(sums(&till).0, 0);
        }
    }
}
