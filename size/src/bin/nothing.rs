//! What every measured program has, and nothing else.
#![no_std]
#![no_main]

use core::hint::black_box;

// Nothing is linked that this does not reach. The name is the linker's; nobody calls it.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        black_box(purse_size::with_command(|command| black_box(command.header())));
    }
}
