//! Every state that a card, two tills with their modules and the issuer can reach, on the step functions themselves:
//! messages come in any order, any number of times, to anybody who takes such; power goes at any write of card and module;
//! cards leave and come back at any moment.
//!
//! A state is what each of them keeps, and everything that was ever said. Cards and modules are told apart by all that
//! decides how they answer ([`crate::chip::Chip::state`]).

use std::sync::Arc;

use stateright::{Model, Property};

use super::{
    Fault,
    card::{self, Card, Stimulus},
    consequences::{ChipNumber, Consequences, TextNumber},
    issuer::Issuer,
    properties,
    till::{self, Question, Record, Till},
    *,
};
use crate::fields::{Sequence, TerminalTransaction};

/// How far the exploration goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// What may be begun.
    pub(super) wishes: &'static [Wish],
    /// How often a card begins something.
    pub(super) begins: u8,
    /// How often a till asks its module for MAC1.
    pub(super) authorisations: u8,
    /// How often power goes in a write.
    pub(super) tears: u8,
}

/// One state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    card: ChipNumber,
    modules: [ChipNumber; TILLS],
    pub(super) tills: [Till; TILLS],
    pub(super) issuer: Issuer,
    said: Vec<TextNumber>,
    /// How often the card said that a split is closed.
    pub(super) closings: u8,
    begins: u8,
    authorisations: u8,
    pub(super) tears: u8,
}

/// What happens next. `torn` is which of the states that a loss of power leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Event {
    Begin(Wish),
    Deliver { text: TextNumber, torn: Option<usize> },
    Prove(Kind, Sequence),
    Leave,
    Authorise { till: usize, text: TextNumber, torn: Option<usize> },
    Unrecorded { till: usize, text: TextNumber },
    Verify { till: usize, text: TextNumber, torn: Option<usize> },
    Recover { till: usize, text: TextNumber },
    Sign(TextNumber),
    Settle(TextNumber),
    Collect(Record),
    Reverse(usize),
}

/// The desk, and what is known about everybody at it.
pub(super) struct Desk {
    bounds: Bounds,
    consequences: Consequences,
}

impl Desk {
    pub(super) fn new(bounds: Bounds, fault: Option<Fault>) -> Self {
        Self { bounds, consequences: Consequences::with(fault) }
    }

    /// Whether nothing of a kind is ever begun.
    pub(super) fn lacks(&self, kind: Kind) -> bool {
        !self.bounds.wishes.iter().any(|wish| wish.kind == kind)
    }

    pub(super) fn card(&self, world: &World) -> Arc<Card> {
        self.consequences.card(world.card)
    }

    fn stimulus(&self, world: &World, event: Event) -> Stimulus {
        match event {
            Event::Begin(wish) => Stimulus::Begin(wish, world.begins + 1),
            Event::Deliver { text, .. } => Stimulus::Deliver(self.consequences.text(text)),
            Event::Prove(kind, sequence) => Stimulus::Prove(kind, sequence),
            _ => Stimulus::Leave,
        }
    }

    /// What anybody can do to the card.
    fn card_events(&self, world: &World, events: &mut Vec<Event>) {
        if world.begins < self.bounds.begins {
            events.extend(self.bounds.wishes.iter().map(|wish| Event::Begin(*wish)));
        }
        events.push(Event::Leave);
        let loads = world.issuer.loads.iter().filter(|load| !load.is_settled);
        events.extend(loads.map(|load| Event::Prove(Kind::LoadPurse, load.sequence)));
        let records = world.tills.iter().flat_map(|till| &till.records).filter(|record| !record.is_booked);
        events.extend(records.map(|record| Event::Prove(record.wish.kind, record.sequence)));
        for text in world.said.iter().copied() {
            let delivered = Event::Deliver { text, torn: None };
            let heard = self.consequences.text(text);
            if !matches!(*heard, Text::Credit(_) | Text::Debit(..) | Text::Token(_)) {
                continue;
            }
            events.push(delivered);
            if world.tears < self.bounds.tears {
                let torn = self.consequences.card_torn(world.card, &self.stimulus(world, delivered)).len();
                events.extend((0..torn).map(|torn| Event::Deliver { text, torn: Some(torn) }));
            }
        }
    }

    /// What a text makes a till or the issuer do.
    fn text_events(&self, world: &World, text: TextNumber, events: &mut Vec<Event>) {
        match *self.consequences.text(text) {
            Text::LoadBegun(..) => events.push(Event::Sign(text)),
            Text::Code(_) => events.push(Event::Settle(text)),
            Text::Begun(wish, _, begun) if world.authorisations < self.bounds.authorisations => {
                for till in 0..TILLS {
                    let question = Question::Authorise(Wish { till, ..wish }, begun);
                    self.with_torn(world, (till, question), events, |torn| Event::Authorise {
                        till,
                        text,
                        torn,
                    });
                    if self.consequences.fault == Some(Fault::SendsFirst) {
                        events.push(Event::Unrecorded { till, text });
                    }
                }
            }
            Text::Receipt(receipt) => {
                for till in 0..TILLS {
                    events.push(Event::Recover { till, text });
                    if world.tills[till].waits_for.is_some() {
                        let question = Question::Verify(receipt);
                        self.with_torn(world, (till, question), events, |torn| Event::Verify {
                            till,
                            text,
                            torn,
                        });
                    }
                }
            }
            _ => {}
        }
    }

    fn with_torn(
        &self,
        world: &World,
        (till, question): (usize, Question),
        events: &mut Vec<Event>,
        event: impl Fn(Option<usize>) -> Event,
    ) {
        events.push(event(None));
        if world.tears < self.bounds.tears {
            let torn = self.consequences.module_torn(world.modules[till], question).len();
            events.extend((0..torn).map(|torn| event(Some(torn))));
        }
    }

    fn say(world: &mut World, text: Option<TextNumber>) {
        if let Some(text) = text
            && let Err(place) = world.said.binary_search(&text)
        {
            world.said.insert(place, text);
        }
    }

    fn card_next(&self, world: &mut World, event: Event) -> Option<()> {
        let stimulus = self.stimulus(world, event);
        let torn = if let Event::Deliver { torn, .. } = event { torn } else { None };
        let (card, says) = match torn {
            None => self.consequences.card_whole(world.card, &stimulus),
            Some(torn) => self.consequences.card_torn(world.card, &stimulus)[torn],
        };
        if matches!(event, Event::Begin(_)) {
            // A card that refuses has only forgotten what was begun before.
            says?;
            world.begins += 1;
        }
        let was_open = self.card(world).contents().split().is_open;
        world.card = card;
        world.tears += u8::from(torn.is_some());
        Self::say(world, says);
        let is_token = matches!(&stimulus, Stimulus::Deliver(text) if matches!(**text, Text::Token(_)));
        let is_closed = was_open && !self.card(world).contents().split().is_open;
        let is_only_said =
            self.consequences.fault == Some(Fault::ClosingForgotten) && torn.is_none() && was_open;
        if is_token && (is_closed || is_only_said && world.closings < 3) {
            world.closings += 1;
        }
        Some(())
    }

    fn authorise(&self, world: &mut World, event: Event) -> Option<()> {
        let (till, text, torn, is_recorded) = match event {
            Event::Authorise { till, text, torn } => (till, text, torn, true),
            Event::Unrecorded { till, text } => (till, text, None, false),
            _ => return None,
        };
        let Text::Begun(wish, order, begun) = *self.consequences.text(text) else { return None };
        let wish = Wish { till, ..wish };
        let sequence = Sequence::from_bytes([begun[4], begun[5]]);
        if !world.tills[till].does(wish, sequence) {
            return None;
        }
        let question = Question::Authorise(wish, begun);
        let (module, answer) = match torn {
            None => self.consequences.module_whole(world.modules[till], question),
            Some(torn) => self.consequences.module_torn(world.modules[till], question)[torn].clone(),
        };
        world.modules[till] = module;
        world.authorisations += 1;
        world.tears += u8::from(torn.is_some());
        let Some(answer) = answer else {
            world.tills[till].waits_for = None;
            return torn.map(drop);
        };
        let transaction = TerminalTransaction::from_bytes(answer[..4].try_into().unwrap());
        if is_recorded {
            let record = Record { transaction, sequence, wish, order, is_booked: false };
            world.tills[till].record(record, self.consequences.fault);
        }
        let p1 = if wish.kind == Kind::Cancel { 0x0A } else { 0x01 };
        let data = [&answer[..4], &WHEN.0, &answer[4..]].concat().try_into().unwrap();
        Self::say(world, Some(self.consequences.number_of_text(Text::Debit(p1, data))));
        Some(())
    }

    fn verify(
        &self,
        world: &mut World,
        (till, text): (usize, TextNumber),
        torn: Option<usize>,
    ) -> Option<()> {
        let Text::Receipt(receipt) = *self.consequences.text(text) else { return None };
        let transaction = world.tills[till].waits_for.take()?;
        let question = Question::Verify(receipt);
        let (module, answer) = match torn {
            None => self.consequences.module_whole(world.modules[till], question),
            Some(torn) => self.consequences.module_torn(world.modules[till], question)[torn].clone(),
        };
        world.modules[till] = module;
        world.tears += u8::from(torn.is_some());
        if answer.is_some() {
            world.tills[till].book(transaction);
        }
        Some(())
    }

    fn next(&self, world: &mut World, event: Event) -> Option<()> {
        match event {
            Event::Begin(_) | Event::Deliver { .. } | Event::Prove(..) | Event::Leave => {
                return self.card_next(world, event);
            }
            Event::Authorise { .. } | Event::Unrecorded { .. } => return self.authorise(world, event),
            Event::Verify { till, text, torn } => return self.verify(world, (till, text), torn),
            Event::Recover { till, text } => {
                let Text::Receipt([a, b, c, d, _mac2 @ ..]) = *self.consequences.text(text) else {
                    return None;
                };
                world.modules[till] = self.consequences.module_whole(world.modules[till], Question::Leave).0;
                let is_code = |record: &Record| self.consequences.is_code(record, [a, b, c, d]);
                world.tills[till].recover(is_code, self.consequences.fault);
            }
            Event::Sign(text) => {
                let Text::LoadBegun(wish, begun) = &*self.consequences.text(text) else { return None };
                let signed = world.issuer.sign(*wish, begun, self.consequences.fault);
                let signed = signed.map(|text| self.consequences.number_of_text(text));
                Self::say(world, signed);
            }
            Event::Settle(text) => {
                let Text::Code(code) = *self.consequences.text(text) else { return None };
                world.issuer.settle(code, self.consequences.fault);
            }
            Event::Collect(record) => {
                let token = world.issuer.collect(&record, self.consequences.fault);
                let token = self.consequences.number_of_text(token);
                Self::say(world, Some(token));
            }
            Event::Reverse(load) => drop(world.issuer.loads.remove(load)),
        }
        Some(())
    }
}

impl Model for Desk {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        let texts = nonsense().into_iter();
        let mut said: Vec<_> = texts.map(|text| self.consequences.number_of_text(text)).collect();
        said.sort_unstable();
        let card = self.consequences.number_of_card(card::issued());
        let module = |till| self.consequences.number_of_module(till::module(till, self.consequences.fault));
        let modules = [0, 1].map(module);
        let (tills, issuer) = (Default::default(), Issuer::default());
        let world =
            World { card, modules, tills, issuer, said, closings: 0, begins: 0, authorisations: 0, tears: 0 };
        vec![world]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        self.card_events(world, events);
        for text in &world.said {
            self.text_events(world, *text, events);
        }
        let records = world.tills.iter().flat_map(|till| &till.records);
        let is_owed = |record: &&Record| record.is_booked && record.wish.due > 0;
        events.extend(records.filter(is_owed).map(|record| Event::Collect(*record)));
        if self.consequences.fault == Some(Fault::ReversesInDoubt) {
            let loads = world.issuer.loads.iter().enumerate();
            events.extend(loads.filter(|(_, load)| !load.is_settled).map(|(load, _)| Event::Reverse(load)));
        }
    }

    fn next_state(&self, world: &World, event: Event) -> Option<World> {
        let mut next = world.clone();
        self.next(&mut next, event)?;
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
