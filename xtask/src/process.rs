//! Running other programs: what they print is shown, and a failure becomes a sentence.

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Runs the command line in `root`; the message of the error names it.
pub(crate) fn run(root: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments);
    run_command(root, command)
}

/// Runs `cargo` with these arguments.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    run(root, env!("CARGO"), arguments)
}

/// Runs a prepared command in `root`.
pub(crate) fn run_command(root: &Path, mut command: Command) -> Result<(), String> {
    let line = announce(&command);
    let started = Instant::now();
    let status =
        command.current_dir(root).status().map_err(|error| format!("cannot start {line}: {error}"))?;
    eprintln!("── {} s", started.elapsed().as_secs());
    if status.success() { Ok(()) } else { Err(format!("{line} failed ({status})")) }
}

/// Runs `cargo` with these arguments, shows what it prints, and hands each line of its standard output to `see`.
pub(crate) fn cargo_watched(root: &Path, arguments: &[&str], see: impl FnMut(&str)) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments);
    run_watched(root, command, see)
}

/// Runs a prepared command, shows what it prints, and hands each line of its standard output to `see`.
pub(crate) fn run_watched(
    root: &Path,
    mut command: Command,
    mut see: impl FnMut(&str),
) -> Result<(), String> {
    let line = announce(&command);
    let started = Instant::now();
    let mut child = command
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {line}: {error}"))?;
    let output = child.stdout.take().expect("asked for a pipe above");
    for text in BufReader::new(output).lines() {
        let text = text.map_err(|error| format!("cannot read from {line}: {error}"))?;
        println!("{text}");
        see(&text);
    }
    let status = child.wait().map_err(|error| format!("cannot wait for {line}: {error}"))?;
    eprintln!("── {} s", started.elapsed().as_secs());
    if status.success() { Ok(()) } else { Err(format!("{line} failed ({status})")) }
}

/// The standard output of a command that must succeed.
pub(crate) fn output(root: &Path, program: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let line = format!("{} {}", program.display(), arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start {line}: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("{line} failed ({})", output.status))
    }
}

/// Where a program lies on the search path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Builds the release program unless it is up to date, and says where it lies.
pub(crate) fn release_program(root: &Path) -> Result<PathBuf, String> {
    cargo(root, &["build", "--release", "--bin", "sycee"])?;
    Ok(program_path(root))
}

/// The program that `cargo test --release` has just built for its tests of commands.
pub(crate) fn tested_program(root: &Path) -> Result<PathBuf, String> {
    let program = program_path(root);
    if program.is_file() { Ok(program) } else { Err(format!("the tests built no {}", program.display())) }
}

fn program_path(root: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("release").join("sycee")
}

fn announce(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    let line = words.join(" ");
    eprintln!("── {line}");
    line
}
