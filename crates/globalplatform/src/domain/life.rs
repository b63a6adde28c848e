//! SET STATUS (GlobalPlatform 2.3.1, section 11.10).

use super::{Applications, Card, Entropy, Outcome};
use crate::{
    aid::Aid,
    apdu::{Command, Response},
    life_cycle::{ApplicationState, CardState},
    registry::{Domain, EntryKind},
    status::StatusWord,
};

/// P1: the card, by the state of the issuer's security domain.
const CARD: u8 = 0x80;
/// P1: an application or supplementary security domain.
const APPLICATION: u8 = 0x40;
/// P2: the bit of a lock.
const LOCKED: u8 = 0x80;

impl<A: Applications, E: Entropy> Card<'_, A, E> {
    /// Moves the life cycle of the card, or locks and unlocks an application.
    pub(super) fn set_status(&mut self, command: &Command<'_>) -> Outcome {
        match command.p1 {
            CARD => self.set_card_state(command),
            APPLICATION => self.lock_application(command),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    /// A card that holds value does not come to its end: what it holds would be lost to everybody.
    fn set_card_state(&mut self, command: &Command<'_>) -> Outcome {
        self.only_issuer()?;
        if !command.data().is_empty() && command.data() != self.registry.issuer_domain().as_slice() {
            return Err(StatusWord::WRONG_DATA);
        }
        let next = CardState::from_byte(command.p2).ok_or(StatusWord::WRONG_P1_P2)?;
        let holds_value = self.registry.entries().any(|(_, entry)| {
            matches!(entry.kind, EntryKind::Application(_)) && self.applications.holds_value(&entry.aid)
        });
        if next == CardState::Terminated && holds_value {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        self.registry.set_state(next)?;
        if matches!(next, CardState::CardLocked | CardState::Terminated) {
            for (_, entry) in self.registry.entries() {
                if matches!(entry.kind, EntryKind::Application(_)) {
                    self.applications.interrupt(&entry.aid);
                }
            }
        }
        Ok(Response::new(StatusWord::SUCCESS))
    }

    /// The issuer's domain locks everything, a supplementary one what belongs to it. A locked card stays as it is.
    fn lock_application(&mut self, command: &Command<'_>) -> Outcome {
        if self.registry.state() == CardState::CardLocked {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        let aid = Aid::new(command.data()).ok_or(StatusWord::WRONG_DATA)?;
        let (place, entry) = self.registry.find(&aid).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let state = entry.state().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let is_application = !entry.is_domain();
        if self.domain() != Domain::Issuer && entry.domain != self.domain() {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        let is_locked = command.p2 & LOCKED != 0;
        if state.is_locked == is_locked {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        self.registry.set_application_state(place, ApplicationState { is_locked, ..state });
        if is_application {
            self.applications.interrupt(&aid);
        }
        Ok(Response::new(StatusWord::SUCCESS))
    }
}
