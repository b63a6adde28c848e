//! `cargo xtask size`: what the purse takes of a card's processor, counted by a linker for one without an operating system.

use std::{path::Path, process::Command};

use crate::process::{output, run_command};

/// A 32-bit processor of the size that a secure element has.
const TARGET: &str = "thumbv7em-none-eabi";

/// The programs of `size/`, and what each is.
const PROGRAMS: [(&str, &str); 3] =
    [("purse", "purse application"), ("module", "security module"), ("transfer", "purse to purse")];

/// Bytes of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    code: u64,
    nonvolatile: u64,
    ram: u64,
}

/// Builds the programs, and prints what each takes more than a program that does nothing.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let mut target = Command::new("rustup");
    target.args(["target", "add", TARGET]);
    run_command(root, target)?;
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--target", TARGET, "--manifest-path", "size/Cargo.toml"]);
    build.args(["--target-dir", "target/size"]);
    run_command(root, build)?;
    let nothing = measured(root, "nothing")?;
    println!(
        "bytes on {TARGET}: code and constants; memory without power; memory with power, without the stack"
    );
    for (program, name) in PROGRAMS {
        let Size { code, nonvolatile, ram } = measured(root, program)?;
        println!("{name:<20} {:>7} {nonvolatile:>7} {ram:>7}", code.saturating_sub(nothing.code));
    }
    Ok(())
}

fn measured(root: &Path, program: &str) -> Result<Size, String> {
    let path = format!("target/size/{TARGET}/release/{program}");
    let printed = output(root, Path::new("size"), &[&path])?;
    let printed = String::from_utf8_lossy(&printed);
    read(&printed).ok_or_else(|| format!("size printed something else than sizes: {printed}"))
}

/// Reads the second line of `size`: text, data, bss, their sum, and the name.
fn read(printed: &str) -> Option<Size> {
    let mut numbers = printed.lines().nth(1)?.split_whitespace().map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(Size { code: next()?, nonvolatile: next()?, ram: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_the_linker_prints_them() {
        let printed = "   text\t   data\t    bss\t    dec\t    hex\tfilename\n  46800\t   3072\t   1860\t  51732\t   ca14\tpurse\n";
        assert_eq!(read(printed), Some(Size { code: 46_800, nonvolatile: 3_072, ram: 1_860 }));
        assert_eq!(read("   text\t   data\n"), None);
    }
}
