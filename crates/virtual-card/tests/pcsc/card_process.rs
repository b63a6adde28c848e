//! Cards as processes: started, killed, started again with the same memory.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
};

use virtual_card::{
    personalisation::Personalisation,
    plugged::PluggedCard,
    reader::Inserted,
    vpcd::{self, Notice},
};

use crate::made;

/// A card in a process of its own, killed when dropped.
pub(crate) struct CardProcess {
    child: Child,
    port: u16,
    file: PathBuf,
}

impl CardProcess {
    /// Starts `card run` for a personalisation file; the memory is beside it.
    pub(crate) fn start(file: &Path, port: u16) -> Self {
        let program = env::var_os("SYCEE_PROGRAM").map_or_else(|| env::current_exe().unwrap(), PathBuf::from);
        let child = Command::new(program)
            .args([
                "card",
                "run",
                "--slot",
                "card",
                "--vpcd",
                &format!("127.0.0.1:{port}"),
                "--personalisation",
            ])
            .arg(file)
            .arg("--memory")
            .arg(file.with_extension("memory"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, port, file: file.to_owned() }
    }

    /// SIGKILL, and the same card again.
    pub(crate) fn kill_and_start_again(&mut self) {
        self.kill();
        *self = Self::start(&self.file.clone(), self.port);
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for CardProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A card that cheats, in a process of its own.
pub(crate) fn start_fake(port: u16) -> CardProcess {
    let child = Command::new(env::current_exe().unwrap())
        .args(["fake", "--vpcd", &format!("127.0.0.1:{port}")])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    CardProcess { child, port, file: PathBuf::new() }
}

/// What such a process does, where it is one of this program.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let option = |name: &str| arguments.iter().skip_while(|given| *given != name).nth(1).unwrap();
    let port = option("--vpcd").rsplit_once(':').unwrap().1.parse().unwrap();
    if arguments[0] == "fake" {
        return insert(&mut made::fake_card(), port);
    }
    let memory = Path::new(option("--memory"));
    let mut card = if memory.exists() {
        PluggedCard::open(memory).unwrap()
    } else {
        let text = std::fs::read_to_string(option("--personalisation")).unwrap();
        PluggedCard::make(&Personalisation::read(&text).unwrap(), memory).unwrap()
    };
    insert(&mut card, port)
}

fn insert(card: &mut impl Inserted, port: u16) -> ExitCode {
    let Err(error) = vpcd::insert(card, ("127.0.0.1", port), &mut |notice| {
        if let Notice::ReaderGone(_) = notice {
            // The test cuts wires all the time.
        }
    });
    eprintln!("{error}");
    ExitCode::FAILURE
}
