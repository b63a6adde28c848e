//! The purse application, as a card has it.
#![no_std]
#![no_main]

use core::hint::black_box;

use purse::ep::{Application, Contents};
use purse::journal::words_needed;
use purse_size::{Driver, Nonvolatile, Ram, erased, ram, send, with_command};

const WORDS: usize = words_needed::<Contents>();
type Powered = Application<Driver<WORDS>>;

#[used]
static STATE: Ram<{ size_of::<Powered>() }> = ram();
#[used]
static MEMORY: Nonvolatile<{ WORDS * 4 }> = erased();

// Nothing is linked that this does not reach. The name is the linker's; nobody calls it.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        if let Ok(mut powered) = Powered::power_on(Driver) {
            send(with_command(|command| powered.step(command, black_box([0; 8]))));
        }
    }
}
