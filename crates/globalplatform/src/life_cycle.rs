//! Life cycles of cards and applications (GlobalPlatform 2.3.1, sections 5.1 and 5.3). Their bytes are those of GET STATUS
//! and SET STATUS.

/// How far a card has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CardState {
    /// Made, the issuer's security domain answers.
    OpReady,
    /// Being prepared by the issuer.
    Initialized,
    /// In its holder's hands.
    Secured,
    /// Only the issuer's security domain answers, and only to be unlocked or looked at.
    CardLocked,
    /// At its end, for ever.
    Terminated,
}

impl CardState {
    /// Every state, in order.
    pub const ALL: [Self; 5] =
        [Self::OpReady, Self::Initialized, Self::Secured, Self::CardLocked, Self::Terminated];

    /// The byte of the standard.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::OpReady => 0x01,
            Self::Initialized => 0x07,
            Self::Secured => 0x0F,
            Self::CardLocked => 0x7F,
            Self::Terminated => 0xFF,
        }
    }

    /// The state of this byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.byte() == byte)
    }

    /// Whether the issuer's security domain may move a card so: forward one step, between secured and locked, to the end.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::OpReady, Self::Initialized)
                | (Self::Initialized, Self::Secured)
                | (Self::Secured, Self::CardLocked)
                | (Self::CardLocked, Self::Secured)
                | (Self::OpReady | Self::Initialized | Self::Secured | Self::CardLocked, Self::Terminated)
        )
    }
}

/// How far an application or security domain has come, and whether it is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApplicationState {
    /// How far it has come; a lock does not change it.
    pub stage: Stage,
    /// Cannot be selected until it is unlocked.
    pub is_locked: bool,
}

/// How far an application has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// There, and cannot be selected yet.
    Installed,
    /// Can be selected.
    Selectable,
    /// Has its data and keys.
    Personalised,
}

impl ApplicationState {
    /// Whether SELECT finds it.
    #[must_use]
    pub fn is_selectable(self) -> bool {
        !self.is_locked && self.stage >= Stage::Selectable
    }

    /// The byte of the standard: 03, 07 or 0F, and the highest bit for a lock.
    #[must_use]
    pub const fn byte(self) -> u8 {
        let stage = match self.stage {
            Stage::Installed => 0x03,
            Stage::Selectable => 0x07,
            Stage::Personalised => 0x0F,
        };
        if self.is_locked { stage | 0x80 } else { stage }
    }

    /// The state of this byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        let stage = match byte & 0x7F {
            0x03 => Stage::Installed,
            0x07 => Stage::Selectable,
            0x0F => Stage::Personalised,
            _ => return None,
        };
        Some(Self { stage, is_locked: byte & 0x80 != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_own_byte() {
        for byte in 0..=u8::MAX {
            assert!(CardState::from_byte(byte).is_none_or(|state| state.byte() == byte));
            assert!(ApplicationState::from_byte(byte).is_none_or(|state| state.byte() == byte));
        }
        assert!(CardState::ALL.into_iter().all(|state| CardState::from_byte(state.byte()) == Some(state)));
    }

    #[test]
    fn a_card_goes_forward_or_is_locked_and_nothing_follows_its_end() {
        let moves: std::vec::Vec<(u8, u8)> = CardState::ALL
            .into_iter()
            .flat_map(|from| CardState::ALL.into_iter().map(move |to| (from, to)))
            .filter(|(from, to)| from.may_become(*to))
            .map(|(from, to)| (from.byte(), to.byte()))
            .collect();
        let expected = [
            (0x01, 0x07),
            (0x01, 0xFF),
            (0x07, 0x0F),
            (0x07, 0xFF),
            (0x0F, 0x7F),
            (0x0F, 0xFF),
            (0x7F, 0x0F),
            (0x7F, 0xFF),
        ];
        assert_eq!(moves, expected);
    }
}
