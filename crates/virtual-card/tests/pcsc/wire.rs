//! The wire between a card and its reader, with scissors: it can be cut at any message.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use socket2::SockRef;

/// Where in the exchange of a command the wire is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The card never sees the command.
    BeforeCommand,
    /// The card has answered, and nothing of it arrives.
    BeforeAnswer,
    /// Half of the answer arrives.
    InAnswer,
}

impl Moment {
    pub(crate) const ALL: [Self; 3] = [Self::BeforeCommand, Self::BeforeAnswer, Self::InAnswer];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Whole,
    /// So many commands pass before the one that is cut.
    Cut(u32, Moment),
    /// The command has passed; its answer is cut.
    CutAnswer(Moment),
}

/// A wire from its own port to a port of vpcd.
pub(crate) struct Wire {
    port: u16,
    plan: Arc<Mutex<Plan>>,
}

impl Wire {
    pub(crate) fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let plan = Arc::new(Mutex::new(Plan::Whole));
        let shared = Arc::clone(&plan);
        thread::spawn(move || {
            for card in listener.incoming().flatten() {
                if let Ok(reader) = TcpStream::connect(("127.0.0.1", target)) {
                    join(card, reader, &shared);
                }
            }
        });
        Self { port, plan }
    }

    /// Where the card connects.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts once, at the command after so many others.
    pub(crate) fn cut_at(&self, commands: u32, moment: Moment) {
        *self.plan.lock().unwrap() = Plan::Cut(commands, moment);
    }

    /// Whether the planned cut has happened.
    pub(crate) fn is_cut(&self) -> bool {
        *self.plan.lock().unwrap() == Plan::Whole
    }
}

fn join(card: TcpStream, reader: TcpStream, plan: &Arc<Mutex<Plan>>) {
    for stream in [&card, &reader] {
        stream.set_nodelay(true).unwrap();
    }
    let (card_2, reader_2, plan_2) =
        (card.try_clone().unwrap(), reader.try_clone().unwrap(), Arc::clone(plan));
    let plan = Arc::clone(plan);
    thread::spawn(move || {
        let _ = pump(&reader, &card, |message| commands(&plan, message));
        let _ = (reader.shutdown(Shutdown::Both), card.shutdown(Shutdown::Both));
    });
    thread::spawn(move || {
        let _ = pump(&card_2, &reader_2, |message| answers(&plan_2, message));
        let _ = (reader_2.shutdown(Shutdown::Both), card_2.shutdown(Shutdown::Both));
    });
}

/// How much of a message passes.
enum Passes {
    All,
    /// So many bytes, and then nothing ever again.
    OnlyThen(usize),
}

fn pump(mut from: &TcpStream, mut to: &TcpStream, judge: impl Fn(&[u8]) -> Passes) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        SockRef::from(from).set_tcp_quickack(true)?;
        let mut piece = [0; 512];
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&piece[..read]);
        while let Some((head, rest)) = bytes.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*head));
            if rest.len() < length {
                break;
            }
            let message: Vec<u8> = bytes.drain(..2 + length).collect();
            match judge(&message[2..]) {
                Passes::All => to.write_all(&message)?,
                Passes::OnlyThen(part) => return to.write_all(&message[..part]),
            }
        }
    }
}

fn commands(plan: &Mutex<Plan>, message: &[u8]) -> Passes {
    let mut plan = plan.lock().unwrap();
    let is_command = message.len() > 1;
    match *plan {
        Plan::Cut(0, Moment::BeforeCommand) if is_command => {
            *plan = Plan::Whole;
            return Passes::OnlyThen(0);
        }
        Plan::Cut(0, moment) if is_command => *plan = Plan::CutAnswer(moment),
        Plan::Cut(left, moment) if is_command => *plan = Plan::Cut(left - 1, moment),
        Plan::Whole | Plan::Cut(..) | Plan::CutAnswer(_) => {}
    }
    Passes::All
}

fn answers(plan: &Mutex<Plan>, message: &[u8]) -> Passes {
    let mut plan = plan.lock().unwrap();
    let Plan::CutAnswer(moment) = *plan else { return Passes::All };
    *plan = Plan::Whole;
    match moment {
        Moment::InAnswer => Passes::OnlyThen(2 + message.len() / 2),
        Moment::BeforeCommand | Moment::BeforeAnswer => Passes::OnlyThen(0),
    }
}
