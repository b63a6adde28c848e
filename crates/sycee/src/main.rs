//! The one program. Everything is in the library, so that tests and fuzz targets reach it.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sycee::run(std::env::args_os())
}
