//! Memory that loses power where a test wants it to, and leaves behind what real cells leave behind.
//!
//! Power can be cut at the k-th write from now. What that write leaves is a [`Tear`]: nothing, a part of its bytes,
//! erased bits, a mixture of old and new bits, or weak bits, which read differently from time to time until the word is
//! written again (CVE-2021-33881 shows what weak bits do to naive counters). With pages, a tear also touches the
//! neighbours of the word, because such memory erases whole pages.

use core::hash;

use crate::nvm::{ERASED, Fault, Nvm, Word};

/// How many words may be weak at once; the oldest becomes firm where more would be.
const WEAK_WORDS_MAX: usize = 20;

/// What a write leaves behind that loses power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tear {
    /// The old word.
    Nothing,
    /// So many bytes of the new word, then the old ones.
    Prefix(u8),
    /// An erased word: programming never began.
    Erased,
    /// Of each bit where the mask has a one the new value, else the old.
    Mixed(u32),
    /// Bits that differ between old and new are weak where the mask has a one, and old elsewhere.
    Weak(u32),
    /// The new word, but power is gone before anybody knows.
    Everything,
}

impl Tear {
    /// One of each kind, and the masks that tests use.
    pub const SAMPLES: [Self; 10] = [
        Self::Nothing,
        Self::Prefix(1),
        Self::Prefix(2),
        Self::Prefix(3),
        Self::Erased,
        Self::Mixed(0x5555_5555),
        Self::Mixed(0xAAAA_AAAA),
        Self::Weak(0xFFFF_FFFF),
        Self::Weak(0x0F0F_0F0F),
        Self::Everything,
    ];
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct WeakWord {
    at: u16,
    /// Bits that read as anything; 0 where the place is free.
    mask: u32,
}

/// Memory of `WORDS` words that counts writes and loses power on demand. The count is no part of what makes two equal.
#[derive(Clone, Debug)]
pub struct SimulatedNvm<const WORDS: usize> {
    words: [Word; WORDS],
    weak: [WeakWord; WEAK_WORDS_MAX],
    /// Advances only when a weak word is read, so that memory without weak words is equal to itself.
    noise: u32,
    page_words: u8,
    cut: Option<(u32, Tear)>,
    dead: bool,
    stuck: Option<u16>,
    writes: u32,
}

impl<const WORDS: usize> PartialEq for SimulatedNvm<WORDS> {
    fn eq(&self, other: &Self) -> bool {
        let one = (&self.words, &self.weak, self.noise, self.page_words, self.cut, self.dead, self.stuck);
        one == (&other.words, &other.weak, other.noise, other.page_words, other.cut, other.dead, other.stuck)
    }
}

impl<const WORDS: usize> Eq for SimulatedNvm<WORDS> {}

impl<const WORDS: usize> hash::Hash for SimulatedNvm<WORDS> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (&self.words, &self.weak, self.noise, self.page_words, self.cut, self.dead, self.stuck).hash(state);
    }
}

impl<const WORDS: usize> Default for SimulatedNvm<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize> SimulatedNvm<WORDS> {
    /// Erased memory whose pages are single words.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            words: [ERASED; WORDS],
            weak: [WeakWord { at: 0, mask: 0 }; WEAK_WORDS_MAX],
            noise: 1,
            page_words: 1,
            cut: None,
            dead: false,
            stuck: None,
            writes: 0,
        }
    }

    /// The same memory with pages of so many words, at most 16: a tear may touch the whole page.
    #[must_use]
    pub fn with_pages_of(mut self, words: u8) -> Self {
        self.page_words = words.clamp(1, 16);
        self
    }

    /// Power goes at the `writes`-th write from now, counted from 0, and the write leaves `tear`.
    pub const fn cut_at(&mut self, writes: u32, tear: Tear) {
        self.cut = Some((writes, tear));
    }

    /// Power is back, and no cut is planned.
    pub const fn restore_power(&mut self) {
        self.cut = None;
        self.dead = false;
    }

    /// Whether power is gone.
    #[must_use]
    pub const fn is_dead(&self) -> bool {
        self.dead
    }

    /// How many writes succeeded since [`Self::reset_write_count`].
    #[must_use]
    pub const fn writes(&self) -> u32 {
        self.writes
    }

    /// Counts from 0 again.
    pub const fn reset_write_count(&mut self) {
        self.writes = 0;
    }

    /// What weak cells read as from now on follows from this.
    pub const fn set_noise(&mut self, noise: u32) {
        self.noise = noise | 1;
    }

    /// From now on the word does not take what is written to it.
    pub fn wear_out(&mut self, at: usize) {
        self.stuck = u16::try_from(at).ok();
    }

    /// Flips bits, as time and radiation do.
    pub fn rot(&mut self, at: usize, mask: u32) {
        if let Some(word) = self.words.get_mut(at) {
            *word = (u32::from_be_bytes(*word) ^ mask).to_be_bytes();
        }
    }

    /// How many words are weak.
    #[must_use]
    pub fn weak_words(&self) -> usize {
        self.weak.iter().filter(|weak| weak.mask != 0).count()
    }

    fn weaken(&mut self, at: usize, mask: u32) {
        if mask == 0 {
            return;
        }
        let Ok(at) = u16::try_from(at) else { return };
        self.weak.rotate_right(1);
        if let Some(first) = self.weak.first_mut() {
            *first = WeakWord { at, mask };
        }
    }

    fn firm(&mut self, at: usize) {
        for weak in &mut self.weak {
            if usize::from(weak.at) == at {
                *weak = WeakWord::default();
            }
        }
    }

    /// What a torn write of `new` leaves at a place.
    fn tear(&mut self, at: usize, new: Word, tear: Tear) {
        let Some(place) = self.words.get_mut(at) else { return };
        let (old, new) = (u32::from_be_bytes(*place), u32::from_be_bytes(new));
        let left = match tear {
            Tear::Nothing | Tear::Weak(_) => old,
            Tear::Everything => new,
            Tear::Erased => u32::MAX,
            Tear::Mixed(mask) => (new & mask) | (old & !mask),
            Tear::Prefix(bytes) => {
                let mask = u32::MAX.checked_shr(u32::from(bytes.min(4)) * 8).unwrap_or(0);
                (old & mask) | (new & !mask)
            }
        };
        *place = left.to_be_bytes();
        if let Tear::Weak(mask) = tear {
            // Refreshing a word with its own value erases and programs it, too: all its bits may become weak.
            let differing = if old == new { u32::MAX } else { old ^ new };
            self.weaken(at, differing & mask);
        }
    }

    /// Neighbours in the page lose what the word loses, where the page was being erased.
    fn tear_page(&mut self, at: usize, word: Word, tear: Tear) {
        self.tear(at, word, tear);
        if matches!(tear, Tear::Nothing | Tear::Everything) {
            return;
        }
        let page = usize::from(self.page_words.max(1));
        let first = at - at % page;
        for neighbour in (first..first + page).filter(|place| *place != at) {
            let Some(own) = self.words.get(neighbour).copied() else { continue };
            match tear {
                Tear::Weak(_) => self.tear(neighbour, own, tear),
                _ => self.tear(neighbour, ERASED, tear),
            }
        }
    }
}

impl<const WORDS: usize> Nvm for SimulatedNvm<WORDS> {
    fn words(&self) -> usize {
        WORDS
    }

    fn read_word(&mut self, at: usize) -> Word {
        let word = u32::from_be_bytes(self.words.get(at).copied().unwrap_or(ERASED));
        let weak =
            self.weak.iter().filter(|weak| usize::from(weak.at) == at).fold(0, |mask, w| mask | w.mask);
        if weak == 0 {
            return word.to_be_bytes();
        }
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        // Often all weak bits read as the same side, which is the dangerous case.
        let flips = match self.noise >> 30 {
            0 => 0,
            1 => u32::MAX,
            _ => self.noise,
        };
        (word ^ (flips & weak)).to_be_bytes()
    }

    fn write_word(&mut self, at: usize, word: Word) -> Result<(), Fault> {
        if self.dead {
            return Err(Fault::PowerLost);
        }
        match &mut self.cut {
            Some((0, tear)) => {
                let tear = *tear;
                self.dead = true;
                self.tear_page(at, word, tear);
                return Err(Fault::PowerLost);
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
        self.firm(at);
        let place = self.words.get_mut(at).ok_or(Fault::WornOut)?;
        if self.stuck.is_none_or(|stuck| usize::from(stuck) != at) {
            *place = word;
        }
        self.writes = self.writes.wrapping_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torn(tear: Tear) -> SimulatedNvm<16> {
        let mut nvm = SimulatedNvm::new();
        nvm.write_word(3, [0x11; 4]).unwrap();
        nvm.cut_at(0, tear);
        assert_eq!(nvm.write_word(3, [0x22; 4]), Err(Fault::PowerLost));
        assert_eq!(nvm.write_word(4, [0x33; 4]), Err(Fault::PowerLost));
        nvm.restore_power();
        nvm
    }

    #[test]
    fn each_tear_leaves_what_it_says() {
        let read = |tear| torn(tear).read_word(3);
        assert_eq!(read(Tear::Nothing), [0x11; 4]);
        assert_eq!(read(Tear::Everything), [0x22; 4]);
        assert_eq!(read(Tear::Erased), ERASED);
        assert_eq!(read(Tear::Prefix(1)), [0x22, 0x11, 0x11, 0x11]);
        assert_eq!(read(Tear::Prefix(3)), [0x22, 0x22, 0x22, 0x11]);
        assert_eq!(read(Tear::Mixed(0xFFFF_0000)), [0x22, 0x22, 0x11, 0x11]);
    }

    #[test]
    fn a_weak_word_reads_differently_until_it_is_written() {
        let mut nvm = torn(Tear::Weak(u32::MAX));
        let first = nvm.read_word(3);
        assert!((0..50).any(|_| nvm.read_word(3) != first));
        nvm.write_word(3, [0x44; 4]).unwrap();
        assert!((0..50).all(|_| nvm.read_word(3) == [0x44; 4]));
        assert_eq!(nvm.weak_words(), 0);
    }

    #[test]
    fn a_page_is_torn_as_a_whole() {
        let mut nvm = SimulatedNvm::<16>::new().with_pages_of(4);
        for at in 0..16 {
            nvm.write_word(at, [7; 4]).unwrap();
        }
        nvm.cut_at(0, Tear::Erased);
        nvm.write_word(5, [8; 4]).unwrap_err();
        let whole = [0, 1, 2, 3, 8, 9].map(|at| nvm.read_word(at));
        assert_eq!((whole, nvm.read_word(4), nvm.read_word(7)), ([[7; 4]; 6], ERASED, ERASED));
    }
}
