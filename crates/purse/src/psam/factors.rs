//! Which card a key is derived for.

/// The most levels of diversification.
const LEVELS_MAX: usize = 3;

/// What a card's keys are derived by: a factor for each level, the card's serial number first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Factors {
    all: [[u8; 8]; LEVELS_MAX],
    levels: usize,
}

impl Factors {
    /// Eight bytes for each level. `None` where they are not, or too many.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (factors, []) = bytes.as_chunks::<8>() else { return None };
        let mut all = [[0; 8]; LEVELS_MAX];
        all.get_mut(..factors.len())?.copy_from_slice(factors);
        Some(Self { all, levels: factors.len() })
    }

    /// How many there are.
    pub(super) const fn levels(&self) -> usize {
        self.levels
    }

    /// The first of them; `None` where there are fewer.
    pub(super) fn first(&self, levels: usize) -> Option<&[[u8; 8]]> {
        if levels <= self.levels { self.all.get(..levels) } else { None }
    }
}
