//! Power goes at every write of either card, and again while the transfer is ended. Nothing is paid twice, nothing is created,
//! and what [`settle`] says is what has happened.

use purse::{simulated::Tear, vtp::Status};
use purse_to_purse::{Fate, Trouble, face_to_face, settle};

use crate::desk::{Slot, TODAY, accounted, contents, pair, restore_power, terms, yuan};

const AMOUNT: u32 = 300;

#[derive(Clone, Copy, Debug)]
enum Torn {
    Payer,
    Payee,
}

fn cut<'s>(torn: Torn, payer: &'s mut Slot, payee: &'s mut Slot, write: u32, tear: Tear) -> &'s mut Slot {
    let slot = match torn {
        Torn::Payer => payer,
        Torn::Payee => payee,
    };
    slot.device_mut().unwrap().nvm_mut().cut_at(write, tear);
    slot
}

/// Tears the first attempt at a write. Nothing where the attempt had no such write.
fn attempt(torn: Torn, write: u32, tear: Tear) -> Option<(Slot, Slot, Trouble)> {
    let (mut payer, mut payee) = pair();
    cut(torn, &mut payer, &mut payee, write, tear);
    let attempt = face_to_face(&mut payer, &mut payee, terms(AMOUNT), TODAY);
    restore_power(&mut payer);
    restore_power(&mut payee);
    Some((payer, payee, attempt.err()?))
}

fn assert_fate(payer: &Slot, payee: &Slot, fate: Fate, case: &str) {
    let expected = match fate {
        Fate::Paid => (1_000 - AMOUNT, 500 + AMOUNT),
        Fate::NotPaid => (1_000, 500),
    };
    assert_eq!((yuan(payer), yuan(payee)), expected, "{case}: {fate:?}");
    assert!(contents(payer).status().is_idle() && contents(payee).status().is_idle(), "{case}");
    assert_eq!(contents(payer).exceptions().count(), 0, "{case}");
}

#[test]
fn a_transfer_that_is_torn_anywhere_is_ended_by_both_cards() {
    let mut fates = [0_u32; 3];
    for torn in [Torn::Payer, Torn::Payee] {
        for tear in Tear::SAMPLES {
            for write in 0.. {
                let case = format!("{torn:?} at write {write}, {tear:?}");
                let Some((mut payer, mut payee, trouble)) = attempt(torn, write, tear) else { break };
                assert_eq!(accounted(&payer, &payee), 1_500, "{case}");
                let Trouble::Unfinished(details) = trouble else {
                    // Before the payee could ask for anything: there is nothing to end.
                    let outcome = face_to_face(&mut payer, &mut payee, terms(AMOUNT), TODAY).unwrap();
                    assert!(!outcome.was_begun_before, "{case}");
                    assert_fate(&payer, &payee, Fate::Paid, &case);
                    fates[0] += 1;
                    continue;
                };
                let fate = settle(&mut payer, &mut payee, &details).unwrap();
                assert_fate(&payer, &payee, fate, &case);
                assert_eq!(settle(&mut payer, &mut payee, &details), Ok(fate), "{case}");
                fates[if fate == Fate::Paid { 1 } else { 2 }] += 1;
            }
        }
    }
    assert!(fates.into_iter().all(|count| count > 10), "{fates:?}");
}

#[test]
fn ending_a_torn_transfer_may_be_torn_itself() {
    let tear = Tear::SAMPLES[3];
    for torn in [Torn::Payer, Torn::Payee] {
        for write in 0.. {
            let Some((payer, payee, trouble)) = attempt(torn, write, tear) else { break };
            let Trouble::Unfinished(details) = trouble else { continue };
            for again in [Torn::Payer, Torn::Payee] {
                for second in 0..200 {
                    let case = format!("{torn:?} at {write}, then {again:?} at {second}");
                    let (mut payer, mut payee) = (payer.clone(), payee.clone());
                    cut(again, &mut payer, &mut payee, second, tear);
                    let first = settle(&mut payer, &mut payee, &details);
                    restore_power(&mut payer);
                    restore_power(&mut payee);
                    assert_eq!(accounted(&payer, &payee), 1_500, "{case}");
                    let fate = settle(&mut payer, &mut payee, &details).unwrap();
                    assert_fate(&payer, &payee, fate, &case);
                    if let Ok(first) = first {
                        assert_eq!(first, fate, "{case}");
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn a_payment_after_a_torn_one_ends_that_first_and_says_so() {
    let mut ended_before = 0;
    for torn in [Torn::Payer, Torn::Payee] {
        for write in 0.. {
            let Some((mut payer, mut payee, trouble)) = attempt(torn, write, Tear::SAMPLES[0]) else { break };
            let Trouble::Unfinished(details) = trouble else { continue };
            let under_way = contents(&payer).status() == Status::Epa;
            let outcome = face_to_face(&mut payer, &mut payee, terms(AMOUNT), TODAY).unwrap();
            assert_eq!(accounted(&payer, &payee), 1_500);
            if outcome.was_begun_before {
                assert_eq!((outcome.details, yuan(&payer)), (details, 1_000 - AMOUNT));
                ended_before += 1;
            } else {
                assert!(!under_way, "value that was under way was given up at write {write}");
            }
        }
    }
    assert!(ended_before > 3);
}

#[test]
fn value_under_way_to_one_purse_is_not_given_up_for_another() {
    for write in 0.. {
        let Some((mut payer, _, _)) = attempt(Torn::Payee, write, Tear::SAMPLES[0]) else { panic!("never") };
        if contents(&payer).status() != Status::Epa {
            continue;
        }
        let mut other = crate::desk::slot(crate::desk::purse_of(1, 3, 0));
        let trouble = face_to_face(&mut payer, &mut other, terms(1), TODAY).unwrap_err();
        assert!(
            matches!(trouble, Trouble::UnderWay(details) if details.amount.units() == AMOUNT),
            "{trouble}"
        );
        assert_eq!(contents(&payer).exceptions().count(), 0);
        return;
    }
}
