//! A pcscd of the test's own, with readers of two slots each.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use virtual_card::reader::system::SystemReader;

/// pcscd has room for sixteen slots.
pub(crate) const READERS: usize = 8;
const PCSCD: [&str; 2] = ["/usr/sbin/pcscd", "/usr/local/sbin/pcscd"];
const DRIVER: [&str; 3] = [
    "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    "/usr/lib/pcsc/drivers/serial/libifdvpcd.so.0.8",
    "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so",
];

/// A running pcscd.
pub(crate) struct Daemon {
    process: Child,
    folder: TempDir,
    ports: Vec<u16>,
}

/// Which slot of a reader.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    Card,
    Module,
}

impl Daemon {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = free_ports();
        let driver = there(&DRIVER);
        let configuration: String = (ports.iter().enumerate())
            .map(|(reader, port)| {
                // The driver knows two slots for as often as it is loaded, and one file is loaded once.
                let copy = folder.path().join(format!("vpcd-{reader}.so"));
                fs::copy(driver, &copy).unwrap();
                let (library, channel) = (copy.display(), reader + 1);
                format!(
                    "FRIENDLYNAME \"Sycee {reader}\"\nDEVICENAME /dev/null:{port}\nLIBPATH {library}\nCHANNELID {channel}\n\n"
                )
            })
            .collect();
        let readers = folder.path().join("readers");
        fs::create_dir(&readers).unwrap();
        fs::write(readers.join("sycee"), configuration).unwrap();
        let process = spawn(folder.path());
        let daemon = Self { process, folder, ports };
        daemon.wait_for_readers();
        daemon
    }

    /// Ends pcscd and starts it anew with the same readers.
    pub(crate) fn restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = spawn(self.folder.path());
        self.wait_for_readers();
    }

    fn wait_for_readers(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            match SystemReader::names() {
                Ok(names) if names.len() == 2 * READERS => return,
                other if Instant::now() > end => {
                    let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                    panic!("pcscd shows {other:?} instead of {} slots; it says:\n{log}", 2 * READERS);
                }
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// The port that a card of this slot goes to.
    pub(crate) fn port(&self, reader: usize, slot: Slot) -> u16 {
        self.ports[reader] + slot as u16
    }

    /// Where files of the test can be.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The name that clients know a slot by.
pub(crate) fn name(reader: usize, slot: Slot) -> String {
    format!("Sycee {reader} 00 {:02}", slot as u16)
}

fn spawn(folder: &Path) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(there(&PCSCD))
        .args(["--foreground", "--config"])
        .arg(folder.join("readers"))
        .stdout(Stdio::from(log.try_clone().unwrap()))
        .stderr(Stdio::from(log))
        .spawn()
        .unwrap()
}

fn there(places: &[&'static str]) -> &'static str {
    let place = places.iter().find(|place| Path::new(place).exists());
    place.unwrap_or_else(|| panic!("none of {places:?} is there: install pcscd and vsmartcard-vpcd"))
}

/// For each reader a port that is free, and so is the next one.
fn free_ports() -> Vec<u16> {
    let is_free = |port: u16| TcpListener::bind(("0.0.0.0", port)).is_ok();
    let begin = 41_000 + u16::try_from(std::process::id() % 8_000).unwrap();
    let free = (begin..).step_by(2).filter(|port| is_free(*port) && is_free(port + 1));
    free.take(READERS).collect()
}
