//! What every measured program has: memory behind a driver that is not ours, commands from a line, a stop after a panic.
//!
//! Of a program the linker says: `text`, code and constants; `data`, the memory that needs no power; `bss`, the memory that
//! needs it. The stack comes on top.
#![no_std]

use core::hint::black_box;
use core::panic::PanicInfo;
use core::sync::atomic::AtomicU8;

use globalplatform::apdu::{Command, Response};
use purse::nvm::{Fault, Nvm, Word};

/// Memory of so many words behind a driver: reads and writes that the compiler cannot see through.
#[derive(Clone, Copy, Debug)]
pub struct Driver<const WORDS: usize>;

impl<const WORDS: usize> Nvm for Driver<WORDS> {
    fn words(&self) -> usize {
        WORDS
    }

    fn read_word(&mut self, at: usize) -> Word {
        black_box(at);
        black_box(purse::nvm::ERASED)
    }

    fn write_word(&mut self, at: usize, word: Word) -> Result<(), Fault> {
        black_box((at, word));
        black_box(Ok(()))
    }
}

/// A command of any content, as a line would bring it.
#[must_use]
pub fn with_command<T>(act: impl FnOnce(&Command<'_>) -> T) -> Option<T> {
    let data = black_box([0_u8; 255]);
    let length = black_box(255_usize);
    let command = Command::new(black_box([0; 4]), data.get(..length)?, black_box(None)).ok()?;
    Some(act(&command))
}

/// Sends what was answered.
pub fn send(answer: Option<Result<Response, Fault>>) {
    let _sent = black_box(answer);
}

/// So many bytes of memory that need power, for the linker to count.
pub type Ram<const BYTES: usize> = [AtomicU8; BYTES];
/// So many bytes of memory that need none.
pub type Nonvolatile<const BYTES: usize> = [AtomicU8; BYTES];

/// Memory as it is when power comes.
#[must_use]
pub const fn ram<const BYTES: usize>() -> Ram<BYTES> {
    [const { AtomicU8::new(0) }; BYTES]
}

/// Memory as it is after erasing.
#[must_use]
pub const fn erased<const BYTES: usize>() -> Nonvolatile<BYTES> {
    [const { AtomicU8::new(0xFF) }; BYTES]
}

#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
