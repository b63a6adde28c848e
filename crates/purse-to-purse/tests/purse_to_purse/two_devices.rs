//! Two devices with a carrier between them that loses, or changes, what it carries.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use purse::vtp::{Side, Status};
use purse_to_purse::{Carrier, CarrierError, Outcome, Terms, Trouble, over};

use crate::desk::{Slot, TODAY, accounted, contents, pair, terms, yuan};

/// What happens to the frame with this number.
#[derive(Clone, Copy, Debug)]
enum Harm {
    None,
    Lost(usize),
    Flipped(usize),
}

struct Line {
    to: Sender<Vec<u8>>,
    from: Receiver<Vec<u8>>,
    sent: usize,
    harm: Harm,
}

impl Carrier for Line {
    fn send(&mut self, frame: &[u8]) -> Result<(), CarrierError> {
        let number = self.sent;
        self.sent += 1;
        let mut frame = frame.to_vec();
        match self.harm {
            Harm::Lost(at) if at == number => return Ok(()),
            Harm::Flipped(at) if at == number => *frame.last_mut().unwrap() ^= 1,
            _ => {}
        }
        self.to.send(frame).map_err(|_| CarrierError::Broken("nobody is there".to_owned()))
    }

    fn receive(&mut self) -> Result<Vec<u8>, CarrierError> {
        self.from.recv_timeout(Duration::from_millis(200)).map_err(|_| CarrierError::Silent)
    }
}

type Ended = Result<Outcome, Trouble>;

fn meet(payer: &mut Slot, payee: &mut Slot, wanted: [Terms; 2], harm: [Harm; 2]) -> (Ended, Ended) {
    let (to_payee, from_payer) = channel();
    let (to_payer, from_payee) = channel();
    let mut here = Line { to: to_payee, from: from_payee, sent: 0, harm: harm[0] };
    let mut there = Line { to: to_payer, from: from_payer, sent: 0, harm: harm[1] };
    thread::scope(|scope| {
        let receiving = scope.spawn(move || over(&mut there, payee, Side::To, wanted[1], TODAY));
        let paid = over(&mut here, payer, Side::From, wanted[0], TODAY);
        drop(here);
        (paid, receiving.join().unwrap())
    })
}

#[test]
fn value_goes_over_a_carrier() {
    let (mut payer, mut payee) = pair();
    let (paid, received) = meet(&mut payer, &mut payee, [terms(40); 2], [Harm::None; 2]);
    assert_eq!(paid, received);
    assert!(!paid.unwrap().was_begun_before);
    assert_eq!((yuan(&payer), yuan(&payee)), (960, 540));
}

#[test]
fn a_carrier_that_loses_or_changes_a_frame_creates_nothing_and_the_next_meeting_ends_it() {
    let mut ended_later = 0;
    for side in 0..2 {
        for number in 0..3 {
            for harm in [Harm::Lost(number), Harm::Flipped(number)] {
                let mut harms = [Harm::None; 2];
                harms[side] = harm;
                let case = format!("side {side}, {harm:?}");
                let (mut payer, mut payee) = pair();
                let (paid, _) = meet(&mut payer, &mut payee, [terms(40); 2], harms);
                assert_eq!(accounted(&payer, &payee), 1_500, "{case}");
                let was_under_way = contents(&payer).status() == Status::Epa;
                let (again, _) = meet(&mut payer, &mut payee, [terms(40); 2], [Harm::None; 2]);
                let again = again.unwrap();
                assert_eq!(accounted(&payer, &payee), 1_500, "{case}");
                assert!(!was_under_way || again.was_begun_before, "{case}");
                let times = u32::from(paid.is_ok()) + 1;
                assert_eq!(yuan(&payer), 1_000 - 40 * times, "{case}");
                ended_later += u32::from(again.was_begun_before);
            }
        }
    }
    assert!(ended_later >= 3, "{ended_later}");
}

#[test]
fn both_devices_learn_that_they_mean_different_payments() {
    let (mut payer, mut payee) = pair();
    let (paid, received) = meet(&mut payer, &mut payee, [terms(40), terms(41)], [Harm::None; 2]);
    for ended in [paid, received] {
        assert!(matches!(ended, Err(Trouble::OtherTerms { .. } | Trouble::Counterpart(_))), "{ended:?}");
    }
    assert_eq!((yuan(&payer), yuan(&payee)), (1_000, 500));
}
