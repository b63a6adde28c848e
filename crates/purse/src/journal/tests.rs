use std::vec;

use proptest::prelude::*;

use super::*;
use crate::simulated::{SimulatedNvm, Tear};

const WORDS: usize = 64 + 32;
type Memory = SimulatedNvm<WORDS>;

/// Twelve words, of which the last three are copies of the first: a state that is half changed is seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Counters([u32; 9]);

impl Stored for Counters {
    const LAYOUT: u32 = 7;
    const BYTES: usize = 48;

    fn write(&self, body: &mut Writer<'_>) {
        for value in self.0.iter().chain(self.0.iter().take(3)) {
            body.put(&value.to_be_bytes());
        }
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        let mut values = [0; 9];
        for value in &mut values {
            *value = u32::from_be_bytes(body.take()?);
        }
        let is_whole = values.iter().take(3).all(|value| body.take() == Some(value.to_be_bytes()));
        is_whole.then_some(Self(values))
    }
}

fn old() -> Counters {
    Counters([1, 2, 3, 4, 5, 6, 7, 8, 9])
}

fn new() -> Counters {
    Counters([1, 2, 0x5555_5555, 4, 0xFFFF_FFFF, 6, 7, 0, 9])
}

fn formatted(page: u8) -> Memory {
    Journal::format(Memory::new().with_pages_of(page), old()).unwrap().into_nvm()
}

/// Opens memory whose power goes at a write, and again until no more cuts are planned. The last state and how many writes
/// recovery made.
fn open_with_cuts(mut nvm: Memory, cuts: &[(u32, Tear)]) -> Result<Journal<Memory, Counters>, OpenError> {
    for (at, tear) in cuts {
        nvm.restore_power();
        nvm.cut_at(*at, *tear);
        nvm = match Journal::<Memory, Counters>::open(nvm) {
            Ok(journal) => journal.into_nvm(),
            Err((OpenError::PowerLost, nvm)) => nvm,
            Err((error, _)) => return Err(error),
        };
    }
    nvm.restore_power();
    Journal::open(nvm).map_err(|(error, _)| error)
}

fn torn_commit(page: u8, at: u32, tear: Tear, noise: u32) -> Option<Memory> {
    let mut journal = Journal::<Memory, Counters>::open(formatted(page)).unwrap();
    journal.nvm_mut().cut_at(at, tear);
    journal.nvm_mut().set_noise(noise);
    journal.commit(new()).is_err().then(|| journal.into_nvm())
}

fn recovery_writes(mut nvm: Memory) -> u32 {
    nvm.restore_power();
    nvm.reset_write_count();
    Journal::<Memory, Counters>::open(nvm).unwrap().nvm().writes()
}

#[test]
fn a_commit_is_there_after_power_comes_back() {
    let mut journal = Journal::<Memory, Counters>::open(formatted(1)).unwrap();
    journal.commit(new()).unwrap();
    let again = Journal::<Memory, Counters>::open(journal.into_nvm()).unwrap();
    assert_eq!((again.state(), again.generation(), again.nvm().weak_words()), (&new(), 2, 0));
}

#[test]
fn an_equal_state_costs_no_write() {
    let mut journal = Journal::<Memory, Counters>::open(formatted(1)).unwrap();
    journal.nvm_mut().reset_write_count();
    journal.commit(old()).unwrap();
    assert_eq!((journal.nvm().writes(), journal.generation()), (0, 1));
}

/// Every write of a commit × every tear × every write of the recovery × every tear × what weak words read as.
#[test]
fn a_torn_commit_whose_recovery_is_torn_leaves_the_old_or_the_new_state() {
    let (mut points, mut olds, mut news) = (0_u32, 0, 0);
    for page in [1, 16] {
        for (first, second) in pairs() {
            for at in 0.. {
                let Some(torn) = torn_commit(page, at, first, at * 77 + 5) else { break };
                for again in 0..=recovery_writes(torn.clone()) {
                    let mut journal = open_with_cuts(torn.clone(), &[(again, second)]).unwrap();
                    points += 1;
                    match journal.state() {
                        state if *state == old() => olds += 1,
                        state => {
                            assert_eq!(state, &new());
                            news += 1;
                        }
                    }
                    // And it goes on working.
                    journal.commit(Counters([9; 9])).unwrap();
                    assert_eq!(open_with_cuts(journal.into_nvm(), &[]).unwrap().state(), &Counters([9; 9]));
                }
            }
        }
    }
    assert!(points > 40_000 && olds > 1_000 && news > 1_000, "{points} {olds} {news}");
}

fn pairs() -> impl Iterator<Item = (Tear, Tear)> {
    Tear::SAMPLES.into_iter().flat_map(|first| Tear::SAMPLES.into_iter().map(move |second| (first, second)))
}

#[test]
fn what_was_answered_is_never_left_again() {
    for noise in 1..40 {
        for (at, tear) in (0..60).flat_map(|at| Tear::SAMPLES.map(|tear| (at, tear))) {
            let Some(torn) = torn_commit(16, at, tear, noise) else { continue };
            let answered = open_with_cuts(torn, &[]).unwrap();
            let state = answered.state().clone();
            let mut nvm = answered.into_nvm();
            for _ in 0..5 {
                let again = open_with_cuts(nvm, &[]).unwrap();
                assert_eq!(again.state(), &state);
                nvm = again.into_nvm();
            }
        }
    }
}

#[test]
fn one_rotten_slot_is_repaired_from_the_other_and_two_make_the_card_mute() {
    let words = words_needed::<Counters>();
    for at in 32..48 {
        for mask in [1, 0x8000_0000, 0xFFFF_FFFF] {
            let mut one = formatted(1);
            one.rot(at, mask);
            assert_eq!(open_with_cuts(one.clone(), &[]).unwrap().state(), &old());
            for other in 48..words {
                let mut both = one.clone();
                both.rot(other, mask);
                assert_eq!(open_with_cuts(both, &[]).unwrap_err(), OpenError::Mute, "{at} {other}");
            }
        }
    }
}

#[test]
fn a_worn_cell_is_noticed_and_the_old_state_stays() {
    for at in 36..48 {
        let mut nvm = formatted(1);
        nvm.wear_out(at);
        let mut journal = Journal::<Memory, Counters>::open(nvm).unwrap();
        match journal.commit(Counters([99; 9])) {
            Err(fault) => assert_eq!((fault, journal.state()), (Fault::WornOut, &old())),
            Ok(()) => panic!("every word changes"),
        }
    }
}

#[test]
fn erased_memory_and_another_layout_are_mute() {
    assert_eq!(open_with_cuts(Memory::new(), &[]).unwrap_err(), OpenError::Mute);
}

#[test]
fn the_generation_wraps_and_the_newer_is_still_known() {
    let mut journal = Journal { nvm: formatted(1), generation: u32::MAX, state: old() };
    let body = Body::of(&old());
    for slot in [Slot::A, Slot::B] {
        rewrite::<Memory, Counters>(&mut journal.nvm, slot, u32::MAX, &body).unwrap();
    }
    journal.nvm.cut_at(10, Tear::Nothing);
    journal.commit(new()).unwrap_err();
    assert_eq!(open_with_cuts(journal.into_nvm(), &[]).unwrap().state(), &new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn three_losses_one_inside_another_are_survived(
        page in prop::sample::select(vec![1_u8, 4, 16]),
        at in 0_u32..30,
        first in prop::sample::select(Tear::SAMPLES.to_vec()),
        again in prop::collection::vec((0_u32..40, prop::sample::select(Tear::SAMPLES.to_vec())), 0..3),
        noise: u32,
    ) {
        if let Some(torn) = torn_commit(page, at, first, noise) {
            let journal = open_with_cuts(torn, &again).unwrap();
            prop_assert!(*journal.state() == old() || *journal.state() == new());
        }
    }
}
