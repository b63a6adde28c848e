//! A card loses power while it is made, and while its content changes: never half a purse, and what was there goes on.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use globalplatform::{domain::Entropy, life_cycle::Stage, status::StatusWord};
use purse::nvm::{ERASED, Fault, Nvm, Word};
use virtual_card::{
    card::Card,
    example,
    issuance::{IssuanceError, personalise},
    kind::CardKind,
    memory::REGIONS,
    personalisation::Personalisation,
    reader::InProcess,
};

use crate::made::*;

/// Power of the whole card: so many writes are left.
#[derive(Clone, Debug, Default)]
struct Power(Rc<Cell<Option<u32>>>);

/// A region of memory on the power of its card; the last write before darkness leaves half a word. It outlives the card:
/// copies are the same cells.
#[derive(Clone, Debug)]
struct Cells {
    words: Rc<RefCell<Vec<Word>>>,
    power: Power,
}

impl Nvm for Cells {
    fn words(&self) -> usize {
        self.words.borrow().len()
    }

    fn read_word(&mut self, at: usize) -> Word {
        self.words.borrow().get(at).copied().unwrap_or(ERASED)
    }

    fn write_word(&mut self, at: usize, word: Word) -> Result<(), Fault> {
        let mut words = self.words.borrow_mut();
        let place = words.get_mut(at).ok_or(Fault::WornOut)?;
        match self.power.0.get() {
            Some(0) => {
                let [a, b, _, _] = word;
                if self.power.0.replace(Some(u32::MAX)) == Some(0) {
                    *place = [a, b, place[2], place[3]];
                }
                return Err(Fault::PowerLost);
            }
            Some(u32::MAX) => return Err(Fault::PowerLost),
            Some(left) => self.power.0.set(Some(left - 1)),
            None => {}
        }
        *place = word;
        Ok(())
    }
}

#[derive(Debug)]
struct Fixed(u8);

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 = self.0.wrapping_add(1);
        bytes.fill(self.0);
    }
}

type Torn = InProcess<Card<Cells, Fixed>>;

/// A blank card and its memory.
struct Bench {
    power: Power,
    memory: [Cells; REGIONS],
    card: Torn,
}

impl Bench {
    fn new(personalisation: &Personalisation) -> Self {
        let power = Power::default();
        let cells = |words| Cells { words: Rc::new(RefCell::new(vec![ERASED; words])), power: power.clone() };
        let memory = CardKind::User.regions().map(cells);
        let card = Card::make(CardKind::User, memory.clone(), personalisation.blank(), Fixed(0));
        Self { power, memory, card: InProcess(card.unwrap()) }
    }

    fn cut_after(&self, writes: u32) {
        self.power.0.set(Some(writes));
    }

    /// Power comes back.
    fn power_on(&mut self) {
        self.power.0.set(None);
        self.card.0 = Card::power_on(CardKind::User, self.memory.clone(), Fixed(0)).unwrap();
    }
}

/// How many writes making a card takes.
fn writes_of_making(personalisation: &Personalisation) -> u32 {
    let mut bench = Bench::new(personalisation);
    bench.cut_after(1_000_000);
    personalise(personalisation, &mut bench.card, &mut Fixed(9)).unwrap();
    1_000_000 - bench.power.0.get().unwrap()
}

#[test]
fn a_loss_of_power_while_a_card_is_made_leaves_no_half_purse() {
    let personalisation = Personalisation::read(&card_file(1)).unwrap();
    let writes = writes_of_making(&personalisation);
    let (mut blanks, mut whole) = (0, 0);
    for cut in 0..writes {
        let mut bench = Bench::new(&personalisation);
        bench.cut_after(cut);
        let interrupted = personalise(&personalisation, &mut bench.card, &mut Fixed(9));
        assert!(matches!(interrupted, Err(IssuanceError::Gone)), "{cut}: {interrupted:?}");
        bench.power_on();
        let mut card = bench.card;
        let purse = card.0.registry().entries().find(|(_, entry)| entry.aid.as_slice() == example::PURSE_AID);
        let stage = purse.and_then(|(_, entry)| entry.state()).map(|state| state.stage);
        let select = say(&mut card, &format!("00A4040008{}00", hex(&example::PURSE_AID))).status();
        let balance = say(&mut card, "805C000204");
        match stage {
            Some(Stage::Personalised) => {
                assert_eq!((select, ok(&balance)), (StatusWord::SUCCESS, vec![0; 4]), "{cut}");
                load(&mut card, &example::asn(1), example::LOAD);
                whole += 1;
            }
            Some(_) => {
                assert_eq!([select, balance.status()], [StatusWord::CONDITIONS_NOT_MET; 2], "{cut}");
                blanks += 1;
            }
            None => {
                assert_eq!(select, StatusWord::FILE_NOT_FOUND, "{cut}");
                blanks += 1;
            }
        }
    }
    println!("{writes} writes, {blanks} cuts before the purse counted, {whole} after");
    assert!(blanks > 10 && whole > 10);
}

#[test]
fn a_loaded_purse_survives_every_loss_of_power_around_it() {
    let personalisation = Personalisation::read(&card_file(1)).unwrap();
    let mut bench = Bench::new(&personalisation);
    personalise(&personalisation, &mut bench.card, &mut Fixed(9)).unwrap();
    load(&mut bench.card, &example::asn(1), example::LOAD);
    let mut cut = 0;
    loop {
        bench.card.0.reset();
        bench.cut_after(cut);
        // Lock and unlock change the directory; the purse's own memory stays as it is.
        let is_whole = lock_and_unlock(&mut bench.card);
        bench.power_on();
        channel(&mut bench.card).say([0x80, 0xF0, 0x40, 0x00], &example::PURSE_AID);
        select_purse(&mut bench.card);
        assert_eq!(balance(&mut bench.card), example::LOAD, "{cut}");
        if is_whole {
            break;
        }
        cut += 1;
    }
    assert!(cut > 20, "power was never lost");
}

fn lock_and_unlock(card: &mut Torn) -> bool {
    let Some(mut issuer) = try_channel(card) else { return false };
    let aid = example::PURSE_AID;
    [0x80, 0x00]
        .iter()
        .all(|p2| issuer.try_to_say([0x80, 0xF0, 0x40, *p2], &aid) == Some(StatusWord::SUCCESS))
}
