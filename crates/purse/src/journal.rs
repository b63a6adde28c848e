//! Journaled memory: a state that changes all at once or not at all, whatever moment power is lost at.
//!
//! # Definitions
//!
//! * An *intent* is one word on a page of its own: at rest, writing slot A, or writing slot B. There are two: every commit
//!   writes the first; recovery alone writes the second.
//! * A *slot* is generation, check (CRC-64 over layout, generation and body), marker (a function of the generation), body.
//!   There are two, A and B, on pages of their own. A slot is *valid* when check and marker fit its content.
//! * A word is *firm* when it reads the same each time, and *weak* when not; only a write that lost power makes words weak,
//!   and only in the page it wrote to. A slot is firm when all its words are.
//!
//! # Commit
//!
//! Intent A; changed words of A's body, generation, check; **marker of A: this one write commits**; intent B; the same for
//! B; intent at rest. Nobody is answered before the last write.
//!
//! # Invariants
//!
//! 1. A slot that no intent names is firm. While the first intent of a commit is being written, both slots are.
//! 2. At rest both slots are valid and equal. So one rotten slot loses nothing: the other is neither older nor guessed.
//! 3. A generation that somebody was answered from is never left again for an older one.
//!
//! # What a power loss leaves, and how [`Journal::open`] goes on
//!
//! | lost while writing | A | B | recovery believes |
//! |---|---|---|---|
//! | an intent | firm | firm | the newer, or both |
//! | A before its marker | suspect, not newer | firm, old | B |
//! | the marker of A | suspect, newer at times | firm, old | A if it reads as newer just now, else B |
//! | B | firm, new | suspect | A |
//!
//! Recovery writes every word of the suspect slot anew, because a weak word may read well just now, and keeps its hands
//! off the firm slot until that is done. It first writes the suspect slot's name into the other intent, because the intent
//! that names it may be weak, and never writes over the only intent that does. So losses inside recovery find a firm slot
//! again. It takes four losses one inside another, each followed by weak words that happen to read well, to spoil both
//! slots; then, as with any damage to both, the card is mute: it never begins again from a state that it made up.

use core::fmt;

use crate::{
    bytes::{Reader, Writer},
    checksum::crc64,
    nvm::{Fault, Nvm, Word},
};

/// The longest body of a slot, in bytes.
pub const BODY_BYTES_MAX: usize = 2048;

/// Slots begin on pages of so many words; no page is larger.
const PAGE_WORDS: usize = 16;
/// Generation, two words of check, marker.
const HEADER_WORDS: usize = 4;
const GENERATION: usize = 0;
const CHECK: usize = 1;
const MARKER: usize = 3;

/// Where the intent of commits is.
const INTENT: usize = 0;
/// Where the intent of recovery is.
const RECOVERY_INTENT: usize = PAGE_WORDS;

const AT_REST: Word = [0x3C, 0xC3, 0x5A, 0xA5];

/// A state that has a fixed layout in memory.
pub trait Stored: Clone {
    /// Names layout and version; memory of another layout is not read.
    const LAYOUT: u32;
    /// How many bytes [`Stored::write`] writes, a multiple of four, at most [`BODY_BYTES_MAX`].
    const BYTES: usize;

    /// Writes the state, always [`Stored::BYTES`] bytes.
    fn write(&self, body: &mut Writer<'_>);

    /// The state that [`Stored::write`] wrote, `None` for anything else.
    fn read(body: &mut Reader<'_>) -> Option<Self>;
}

/// Why memory cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpenError {
    /// Power was lost during recovery; open it again when power is back.
    PowerLost,
    /// A cell is worn out.
    WornOut,
    /// No slot can be believed: the card is mute for ever.
    Mute,
}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::PowerLost => Self::PowerLost,
            Fault::WornOut => Self::WornOut,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerLost => "power was lost during recovery",
            Self::WornOut => "a memory cell is worn out",
            Self::Mute => "neither copy of the state can be believed",
        })
    }
}

impl core::error::Error for OpenError {}

/// A state in memory. Equal to another when memory and state are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Journal<N, S> {
    nvm: N,
    generation: u32,
    state: S,
}

/// How many words of memory a state needs.
#[must_use]
pub const fn words_needed<S: Stored>() -> usize {
    slot_begin::<S>(Slot::B) + slot_words::<S>()
}

impl<N: Nvm, S: Stored> Journal<N, S> {
    /// Writes a first state into memory, at the factory. Interrupted, it is begun again.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn format(mut nvm: N, state: S) -> Result<Self, Fault> {
        let generation = 1;
        let body = Body::of(&state);
        write_firmly(&mut nvm, RECOVERY_INTENT, AT_REST)?;
        for slot in [Slot::A, Slot::B] {
            write_firmly(&mut nvm, INTENT, slot.intent())?;
            rewrite::<N, S>(&mut nvm, slot, generation, &body)?;
        }
        write_firmly(&mut nvm, INTENT, AT_REST)?;
        Ok(Self { nvm, generation, state })
    }

    /// Reads the state after power came, and repairs what a loss of power left.
    ///
    /// # Errors
    /// [`OpenError`], with the memory.
    pub fn open(mut nvm: N) -> Result<Self, (OpenError, N)> {
        match recover::<N, S>(&mut nvm) {
            Ok((generation, state)) => Ok(Self { nvm, generation, state }),
            Err(error) => Err((error, nvm)),
        }
    }

    /// The state as of the last commit.
    #[must_use]
    pub const fn state(&self) -> &S {
        &self.state
    }

    /// How many commits there were, modulo 2³².
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// The memory.
    #[must_use]
    pub const fn nvm(&self) -> &N {
        &self.nvm
    }

    /// The memory, to plan its faults in a simulation.
    pub const fn nvm_mut(&mut self) -> &mut N {
        &mut self.nvm
    }

    /// The memory as it stays when power goes.
    pub fn into_nvm(self) -> N {
        self.nvm
    }

    /// Changes the state, all at once. An equal state is not written.
    ///
    /// # Errors
    /// [`Fault`]: the state after the next [`Journal::open`] is the old or the new one, whole.
    pub fn commit(&mut self, state: S) -> Result<(), Fault> {
        let body = Body::of(&state);
        if body == Body::of(&self.state) {
            return Ok(());
        }
        let generation = self.generation.wrapping_add(1);
        for slot in [Slot::A, Slot::B] {
            write_firmly(&mut self.nvm, INTENT, slot.intent())?;
            self.write_changes(slot, generation, &body)?;
        }
        write_firmly(&mut self.nvm, INTENT, AT_REST)?;
        self.generation = generation;
        self.state = state;
        Ok(())
    }

    fn write_changes(&mut self, slot: Slot, generation: u32, body: &Body) -> Result<(), Fault> {
        let begin = slot_begin::<S>(slot) + HEADER_WORDS;
        for (index, word) in body.words().enumerate() {
            if self.nvm.read_word(begin + index) != word {
                write_firmly(&mut self.nvm, begin + index, word)?;
            }
        }
        write_header::<N, S>(&mut self.nvm, slot, generation, body)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    A,
    B,
}

impl Slot {
    const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    const fn intent(self) -> Word {
        match self {
            Self::A => [0xA1, 0x5E, 0xD2, 0x0D],
            Self::B => [0x5B, 0xE4, 0x29, 0xF0],
        }
    }
}

const fn slot_words<S: Stored>() -> usize {
    (HEADER_WORDS + S::BYTES / 4).next_multiple_of(PAGE_WORDS)
}

const fn slot_begin<S: Stored>(slot: Slot) -> usize {
    match slot {
        Slot::A => 2 * PAGE_WORDS,
        Slot::B => 2 * PAGE_WORDS + slot_words::<S>(),
    }
}

/// The bytes of a state.
#[derive(Clone, PartialEq, Eq)]
struct Body {
    bytes: [u8; BODY_BYTES_MAX],
    length: usize,
}

impl Body {
    fn of<S: Stored>(state: &S) -> Self {
        let mut body = Self { bytes: [0; BODY_BYTES_MAX], length: S::BYTES.min(BODY_BYTES_MAX) };
        let mut writer = Writer::new(&mut body.bytes);
        state.write(&mut writer);
        debug_assert_eq!(writer.length(), Some(S::BYTES));
        body
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn words(&self) -> impl Iterator<Item = Word> {
        self.as_slice().as_chunks::<4>().0.iter().copied()
    }
}

/// What a slot holds that is valid.
struct Copied {
    generation: u32,
    body: Body,
}

fn check<S: Stored>(generation: u32, body: &Body) -> u64 {
    crc64(&[&S::LAYOUT.to_be_bytes(), &generation.to_be_bytes(), body.as_slice()])
}

const fn marker(generation: u32) -> Word {
    (generation.rotate_left(16) ^ 0x6D61_726B).to_be_bytes()
}

/// Writes a word and makes sure that the cells took it.
fn write_firmly(nvm: &mut impl Nvm, at: usize, word: Word) -> Result<(), Fault> {
    nvm.write_word(at, word)?;
    if nvm.read_word(at) == word { Ok(()) } else { Err(Fault::WornOut) }
}

fn write_header<N: Nvm, S: Stored>(
    nvm: &mut N,
    slot: Slot,
    generation: u32,
    body: &Body,
) -> Result<(), Fault> {
    let begin = slot_begin::<S>(slot);
    write_firmly(nvm, begin + GENERATION, generation.to_be_bytes())?;
    let check = check::<S>(generation, body).to_be_bytes();
    for (index, word) in check.as_chunks::<4>().0.iter().enumerate() {
        write_firmly(nvm, begin + CHECK + index, *word)?;
    }
    write_firmly(nvm, begin + MARKER, marker(generation))
}

/// Writes every word of a slot, whether it seems to have changed or not.
fn rewrite<N: Nvm, S: Stored>(nvm: &mut N, slot: Slot, generation: u32, body: &Body) -> Result<(), Fault> {
    let begin = slot_begin::<S>(slot) + HEADER_WORDS;
    for (index, word) in body.words().enumerate() {
        write_firmly(nvm, begin + index, word)?;
    }
    write_header::<N, S>(nvm, slot, generation, body)
}

/// Reads each word of a slot once, and what was read is believed or not as a whole.
fn load<N: Nvm, S: Stored>(nvm: &mut N, slot: Slot) -> Option<Copied> {
    let begin = slot_begin::<S>(slot);
    let generation = u32::from_be_bytes(nvm.read_word(begin + GENERATION));
    let check_words = [nvm.read_word(begin + CHECK), nvm.read_word(begin + CHECK + 1)];
    let stored_marker = nvm.read_word(begin + MARKER);
    let mut body = Body { bytes: [0; BODY_BYTES_MAX], length: S::BYTES.min(BODY_BYTES_MAX) };
    let words = body.length / 4;
    for (index, place) in body.bytes.as_chunks_mut::<4>().0.iter_mut().take(words).enumerate() {
        *place = nvm.read_word(begin + HEADER_WORDS + index);
    }
    let stored_check = u64::from_be_bytes(check_words.as_flattened().try_into().ok()?);
    let is_valid = stored_marker == marker(generation) && stored_check == check::<S>(generation, &body);
    is_valid.then_some(Copied { generation, body })
}

fn recover<N: Nvm, S: Stored>(nvm: &mut N) -> Result<(u32, S), OpenError> {
    let suspect = suspect(nvm);
    let (a, b) = (load::<N, S>(nvm, Slot::A), load::<N, S>(nvm, Slot::B));
    let believed = match (a, b) {
        (Some(a), Some(b)) if a.generation == b.generation => repair_equals::<N, S>(nvm, suspect, a, &b)?,
        (Some(a), Some(b)) if a.generation == b.generation.wrapping_add(1) => {
            repair_newer::<N, S>(nvm, suspect, Slot::A, a)?
        }
        (Some(a), Some(b)) if b.generation == a.generation.wrapping_add(1) => {
            repair_newer::<N, S>(nvm, suspect, Slot::B, b)?
        }
        (Some(a), None) => repair_bad::<N, S>(nvm, Slot::B, a)?,
        (None, Some(b)) => repair_bad::<N, S>(nvm, Slot::A, b)?,
        (Some(_), Some(_)) | (None, None) => return Err(OpenError::Mute),
    };
    for place in [RECOVERY_INTENT, INTENT] {
        if nvm.read_word(place) != AT_REST {
            write_firmly(nvm, place, AT_REST)?;
        }
    }
    let state = S::read(&mut Reader::new(believed.body.as_slice())).ok_or(OpenError::Mute)?;
    Ok((believed.generation, state))
}

/// The slot that may be weak: the one that an intent names. Where both name different ones, recovery was between them.
fn suspect(nvm: &mut impl Nvm) -> Option<Slot> {
    let intents = [nvm.read_word(INTENT), nvm.read_word(RECOVERY_INTENT)];
    let is_named = |slot: Slot| intents.contains(&slot.intent());
    match (is_named(Slot::A), is_named(Slot::B)) {
        (true, false) => Some(Slot::A),
        (false, true) => Some(Slot::B),
        (true, true) | (false, false) => None,
    }
}

/// Makes both intents name a slot before it is written.
fn name_in_both(nvm: &mut impl Nvm, slot: Slot) -> Result<(), Fault> {
    let named = slot.intent();
    let order =
        if nvm.read_word(INTENT) == named { [RECOVERY_INTENT, INTENT] } else { [INTENT, RECOVERY_INTENT] };
    for place in order {
        if nvm.read_word(place) != named {
            write_firmly(nvm, place, named)?;
        }
    }
    Ok(())
}

/// Both slots say the same. The suspect one may be weak: it is written anew from the other.
fn repair_equals<N: Nvm, S: Stored>(
    nvm: &mut N,
    suspect: Option<Slot>,
    a: Copied,
    b: &Copied,
) -> Result<Copied, OpenError> {
    if a.body != b.body {
        return Err(OpenError::Mute);
    }
    match suspect {
        Some(slot) => repair_bad::<N, S>(nvm, slot, a),
        None => Ok(a),
    }
}

/// One slot is newer by one. Where it is suspect, its marker may be weak: it is made firm before the older slot is touched,
/// and should power be lost meanwhile, the older slot may be believed next time; nobody has seen the newer one.
fn repair_newer<N: Nvm, S: Stored>(
    nvm: &mut N,
    suspect: Option<Slot>,
    slot: Slot,
    newer: Copied,
) -> Result<Copied, OpenError> {
    if suspect == Some(slot) {
        name_in_both(nvm, slot)?;
        rewrite::<N, S>(nvm, slot, newer.generation, &newer.body)?;
    }
    repair_bad::<N, S>(nvm, slot.other(), newer)
}

/// A slot is bad, old or suspect, and the other firm: it is written anew from the other.
fn repair_bad<N: Nvm, S: Stored>(nvm: &mut N, bad: Slot, good: Copied) -> Result<Copied, OpenError> {
    name_in_both(nvm, bad)?;
    rewrite::<N, S>(nvm, bad, good.generation, &good.body)?;
    Ok(good)
}

#[cfg(test)]
mod tests;
