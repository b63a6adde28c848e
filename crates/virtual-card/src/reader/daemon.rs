//! A pcscd of one's own for tests and measurements: readers of two slots each, on free ports, that no other program sees.

use std::{
    fmt,
    fs::{self, File},
    io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use card_reader::pcsc_reader;

/// pcscd has room for sixteen slots.
pub const READERS_MAX: usize = 8;

const PCSCD: [&str; 2] = ["/usr/sbin/pcscd", "/usr/local/sbin/pcscd"];
const DRIVER: [&str; 2] =
    ["/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so"];
/// Mount, process and mount of processes of its own: /run/pcscd is nobody else's, and nothing survives.
const NAMESPACES: [&str; 5] = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];

/// Which slot of a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The first: a holder's card.
    Card,
    /// The second: a terminal's security module.
    Module,
}

impl Slot {
    const fn number(self) -> u16 {
        match self {
            Self::Card => 0,
            Self::Module => 1,
        }
    }
}

/// Why there is no pcscd.
#[derive(Debug)]
pub enum DaemonError {
    /// A file of it is at none of these places.
    NotInstalled(&'static [&'static str]),
    /// It cannot be started.
    Io(io::Error),
    /// It shows no readers; what it wrote.
    Silent(String),
}

impl fmt::Display for DaemonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled(places) => {
                write!(f, "none of {places:?} is there: install pcscd and vsmartcard-vpcd")
            }
            Self::Io(error) => write!(f, "pcscd cannot be started: {error}"),
            Self::Silent(log) => write!(f, "pcscd shows no readers; it says:\n{log}"),
        }
    }
}

impl std::error::Error for DaemonError {}

impl From<io::Error> for DaemonError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A program in namespaces of its own, where the system lets us have them, which takes root; else nothing.
#[must_use]
pub fn in_own_namespaces(program: &Path) -> Option<Command> {
    const ENTER: &str = "mkdir -p /run/pcscd && mount -t tmpfs tmpfs /run/pcscd && exec \"$0\" \"$@\"";
    let may = Command::new("unshare").args(NAMESPACES).arg("true").output();
    may.ok().filter(|output| output.status.success())?;
    let mut command = Command::new("unshare");
    command.args(NAMESPACES).args(["sh", "-c", ENTER]).arg(program);
    Some(command)
}

/// A running pcscd; it ends when dropped.
#[derive(Debug)]
pub struct Daemon {
    process: Child,
    folder: PathBuf,
    ports: Vec<u16>,
}

impl Daemon {
    /// Starts a pcscd with so many readers, whose files go into a folder.
    ///
    /// # Errors
    /// [`DaemonError`].
    pub fn start(folder: &Path, readers: usize) -> Result<Self, DaemonError> {
        let ports = free_ports(readers);
        let driver = there(&DRIVER)?;
        let mut configuration = String::new();
        for (reader, port) in ports.iter().enumerate() {
            // The driver knows two slots for as often as it is loaded, and one file is loaded once.
            let library = folder.join(format!("vpcd-{reader}.so"));
            fs::copy(driver, &library)?;
            configuration.push_str(&format!(
                "FRIENDLYNAME \"Sycee {reader}\"\nDEVICENAME /dev/null:{port}\nLIBPATH {}\nCHANNELID {}\n\n",
                library.display(),
                reader + 1
            ));
        }
        let configured = folder.join("readers");
        fs::create_dir(&configured)?;
        fs::write(configured.join("sycee"), configuration)?;
        let daemon = Self { process: spawn(folder)?, folder: folder.to_owned(), ports };
        daemon.wait_for_readers()?;
        Ok(daemon)
    }

    /// Ends pcscd and starts it anew with the same readers.
    ///
    /// # Errors
    /// [`DaemonError`].
    pub fn restart(&mut self) -> Result<(), DaemonError> {
        self.process.kill()?;
        self.process.wait()?;
        self.process = spawn(&self.folder)?;
        self.wait_for_readers()
    }

    fn wait_for_readers(&self) -> Result<(), DaemonError> {
        let end = Instant::now() + Duration::from_secs(20);
        while !pcsc_reader::names().is_ok_and(|names| names.len() == 2 * self.ports.len()) {
            if Instant::now() > end {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(DaemonError::Silent(log));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The port that a card for this slot connects to; 0 where there is no such reader.
    #[must_use]
    pub fn port(&self, reader: usize, slot: Slot) -> u16 {
        self.ports.get(reader).map_or(0, |port| port + slot.number())
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The name that clients know a slot by.
#[must_use]
pub fn slot_name(reader: usize, slot: Slot) -> String {
    format!("Sycee {reader} 00 {:02}", slot.number())
}

fn spawn(folder: &Path) -> Result<Child, DaemonError> {
    let log = File::options().create(true).append(true).open(folder.join("log"))?;
    let mut command = Command::new(there(&PCSCD)?);
    command.args(["--foreground", "--config"]).arg(folder.join("readers"));
    Ok(command.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log)).spawn()?)
}

fn there(places: &'static [&'static str]) -> Result<&'static str, DaemonError> {
    let place = places.iter().find(|place| Path::new(place).exists());
    place.copied().ok_or(DaemonError::NotInstalled(places))
}

/// For each reader a port that is free, and so is the next one.
fn free_ports(readers: usize) -> Vec<u16> {
    let is_free = |port: u16| TcpListener::bind(("0.0.0.0", port)).is_ok();
    let begin = 41_000 + u16::try_from(std::process::id() % 8_000).unwrap_or_default();
    let free = (begin..u16::MAX - 1).step_by(2).filter(|port| is_free(*port) && is_free(port + 1));
    free.take(readers.min(READERS_MAX)).collect()
}
