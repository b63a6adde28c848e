//! What cards and modules become by each command, computed once by their step functions, for every write at which power can
//! go. They, and what is said, are kept once and named by numbers.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Fault,
    card::{self, Card, Stimulus},
    till::{self, Module, Question, Record},
    *,
};
use crate::{
    chip::{Chip, Session},
    fields::TerminalTransaction,
    journal::Stored,
    simulated::SimulatedNvm,
};

pub(super) type ChipNumber = u32;
pub(super) type TextNumber = u16;
/// What something becomes, and what it says.
type Becomes<T> = (ChipNumber, Option<T>);
/// Everything that a loss of power can leave.
type Torn<T> = Arc<Vec<Becomes<T>>>;

/// Applications that were met, each once.
#[derive(Debug)]
struct Met<T> {
    all: Vec<Arc<T>>,
    numbers: HashMap<u64, Vec<ChipNumber>>,
}

impl<T> Default for Met<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<const WORDS: usize, S: Stored + Eq + Hash, V: Session + Eq + Hash> Met<Chip<SimulatedNvm<WORDS>, S, V>> {
    fn number(&mut self, chip: Chip<SimulatedNvm<WORDS>, S, V>) -> ChipNumber {
        let mut hasher = DefaultHasher::new();
        chip.state().hash(&mut hasher);
        let alike = self.numbers.entry(hasher.finish()).or_default();
        let known = alike.iter().find(|number| self.all[**number as usize].state() == chip.state());
        if let Some(number) = known {
            return *number;
        }
        let number = ChipNumber::try_from(self.all.len()).unwrap();
        alike.push(number);
        self.all.push(Arc::new(chip));
        number
    }
}

#[derive(Debug, Default)]
struct Known {
    cards: Met<Card>,
    modules: Met<Module>,
    texts: Vec<Arc<Text>>,
    text_numbers: HashMap<Arc<Text>, TextNumber>,
    cards_whole: HashMap<(ChipNumber, Stimulus), Becomes<TextNumber>>,
    cards_torn: HashMap<(ChipNumber, Stimulus), Torn<TextNumber>>,
    modules_whole: HashMap<(ChipNumber, Question), Becomes<Vec<u8>>>,
    modules_torn: HashMap<(ChipNumber, Question), Torn<Vec<u8>>>,
    codes: HashMap<(TerminalTransaction, Wish, [u8; 4]), bool>,
}

impl Known {
    fn text(&mut self, text: Text) -> TextNumber {
        if let Some(number) = self.text_numbers.get(&text) {
            return *number;
        }
        let number = TextNumber::try_from(self.texts.len()).unwrap();
        let text = Arc::new(text);
        self.texts.push(Arc::clone(&text));
        self.text_numbers.insert(text, number);
        number
    }

    fn reaction(&mut self, reaction: card::Reaction) -> Becomes<TextNumber> {
        let says = reaction.says.map(|text| self.text(text));
        (self.cards.number(reaction.card), says)
    }
}

/// Everything that is known about what follows from what.
pub(super) struct Consequences {
    pub(super) fault: Option<Fault>,
    known: Mutex<Known>,
}

impl Consequences {
    pub(super) fn with(fault: Option<Fault>) -> Self {
        Self { fault, known: Mutex::default() }
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn card(&self, number: ChipNumber) -> Arc<Card> {
        self.known(|known| Arc::clone(&known.cards.all[number as usize]))
    }

    fn module(&self, number: ChipNumber) -> Arc<Module> {
        self.known(|known| Arc::clone(&known.modules.all[number as usize]))
    }

    pub(super) fn text(&self, number: TextNumber) -> Arc<Text> {
        self.known(|known| Arc::clone(&known.texts[usize::from(number)]))
    }

    pub(super) fn number_of_card(&self, card: Card) -> ChipNumber {
        self.known(|known| known.cards.number(card))
    }

    pub(super) fn number_of_module(&self, module: Module) -> ChipNumber {
        self.known(|known| known.modules.number(module))
    }

    pub(super) fn number_of_text(&self, text: Text) -> TextNumber {
        self.known(|known| known.text(text))
    }

    /// What a card becomes where power stays.
    pub(super) fn card_whole(&self, card: ChipNumber, stimulus: &Stimulus) -> Becomes<TextNumber> {
        let place = (card, stimulus.clone());
        if let Some(becomes) = self.known(|known| known.cards_whole.get(&place).copied()) {
            return becomes;
        }
        let (reaction, _) = card::whole(&self.card(card), stimulus, self.fault);
        self.known(|known| {
            let becomes = known.reaction(reaction);
            known.cards_whole.insert(place, becomes);
            becomes
        })
    }

    /// Everything that a loss of power leaves of a card.
    pub(super) fn card_torn(&self, card: ChipNumber, stimulus: &Stimulus) -> Torn<TextNumber> {
        let place = (card, stimulus.clone());
        if let Some(torn) = self.known(|known| known.cards_torn.get(&place).cloned()) {
            return torn;
        }
        let before = self.card(card);
        let (whole, writes) = card::whole(&before, stimulus, self.fault);
        let left = if writes == 0 { Vec::new() } else { card::torn(&before, stimulus, &whole, self.fault) };
        self.known(|known| {
            let torn: Vec<_> = left.into_iter().map(|reaction| known.reaction(reaction)).collect();
            let torn = Arc::new(torn);
            known.cards_torn.insert(place, Arc::clone(&torn));
            torn
        })
    }

    /// What a module becomes where power stays.
    pub(super) fn module_whole(&self, module: ChipNumber, question: Question) -> Becomes<Vec<u8>> {
        if let Some(becomes) = self.known(|known| known.modules_whole.get(&(module, question)).cloned()) {
            return becomes;
        }
        let (after, answer) = till::whole(&self.module(module), question, self.fault);
        self.known(|known| {
            let becomes = (known.modules.number(after), answer);
            known.modules_whole.insert((module, question), becomes.clone());
            becomes
        })
    }

    /// Everything that a loss of power leaves of a module.
    pub(super) fn module_torn(&self, module: ChipNumber, question: Question) -> Torn<Vec<u8>> {
        if let Some(torn) = self.known(|known| known.modules_torn.get(&(module, question)).cloned()) {
            return torn;
        }
        let left = till::torn(&self.module(module), question, self.fault);
        self.known(|known| {
            let numbered = left.into_iter().map(|(module, answer)| (known.modules.number(module), answer));
            let torn: Arc<Vec<_>> = Arc::new(numbered.collect());
            known.modules_torn.insert((module, question), Arc::clone(&torn));
            torn
        })
    }

    /// Whether a TAC is that of a record.
    pub(super) fn is_code(&self, record: &Record, tac: [u8; 4]) -> bool {
        let place = (record.transaction, record.wish, tac);
        if let Some(is_code) = self.known(|known| known.codes.get(&place).copied()) {
            return is_code;
        }
        let is_code = till::is_code(record, tac);
        self.known(|known| known.codes.insert(place, is_code));
        is_code
    }
}
