//! The memory of a card that keeps its content without power: words of four bytes, written one at a time.

use core::fmt;

/// Four bytes, the unit of writing.
pub type Word = [u8; 4];

/// A word as it is after erasing.
pub const ERASED: Word = [0xFF; 4];

/// Why memory cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The card left the field: nothing more happens until power is back, and nobody gets an answer.
    PowerLost,
    /// A cell does not take what is written to it.
    WornOut,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerLost => "power was lost",
            Self::WornOut => "a memory cell is worn out",
        })
    }
}

impl core::error::Error for Fault {}

/// Memory of a card.
///
/// A write that loses power may leave the word, and others of its page of at most 64 bytes, in any state: old, new,
/// erased, mixed, or weak, which reads differently from time to time until the word is written again.
pub trait Nvm {
    /// How many words there are.
    fn words(&self) -> usize;

    /// The word at a place. A place outside reads as erased.
    fn read_word(&mut self, at: usize) -> Word;

    /// Writes one word.
    ///
    /// # Errors
    /// [`Fault::PowerLost`]; [`Fault::WornOut`] for a place outside or a cell that is broken.
    fn write_word(&mut self, at: usize, word: Word) -> Result<(), Fault>;
}
