//! A card in a reader of the system, through vsmartcard's vpcd: a driver of pcscd that takes cards over TCP.
//!
//! Every message is a length (2, big-endian) and as many bytes. From the reader one byte is control (00 power off, 01 power
//! on, 02 reset, 04 asks for the ATR), more are a command; only the last two are answered.
//!
//! vpcd 3.3 writes length and bytes apart. Its system holds back the second until the first is acknowledged, and ours would
//! hold back the acknowledgement, together 40 ms and more for each command. So every segment is acknowledged at once
//! (TCP_QUICKACK, which the system forgets and which is said anew before each read), and answers leave in one piece.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    thread,
    time::Duration,
};

use crate::reader::Inserted;

/// The port of vpcd's first slot, as packages configure it; the next slot has the next port.
pub const PORT: u16 = 35_963;
/// T=1, nothing else: what readers say of a contactless card without historical bytes.
pub const ATR: [u8; 5] = [0x3B, 0x80, 0x80, 0x01, 0x01];

/// Between leaving a reader and going in again. pcscd looks every 400 ms; a card that is back sooner has not left for it, and
/// its clients keep talking to a card that has forgotten them.
const AWAY: Duration = Duration::from_millis(500);

/// What happens to a card in its slot, for whoever watches.
#[derive(Debug)]
pub enum Notice {
    /// The reader is there, and the card in it.
    Inserted,
    /// The reader went away; the card waits for it.
    ReaderGone(io::Error),
}

/// Why a card is in a reader no longer.
#[derive(Debug)]
pub enum SlotError {
    /// There is no reader at this address.
    Unreachable(io::Error),
    /// The card's memory failed for good.
    CardFailed,
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "reach the reader: {error}"),
            Self::CardFailed => f.write_str("go on: the card's memory failed"),
        }
    }
}

impl std::error::Error for SlotError {}

/// Puts a card into the reader at `address` and answers for it. When the reader goes away, as with a restart of pcscd, the
/// card waits and goes in again.
///
/// # Errors
/// [`SlotError::Unreachable`] where the reader was never there, [`SlotError::CardFailed`].
pub fn insert(
    card: &mut impl Inserted,
    address: (&str, u16),
    watch: &mut dyn FnMut(Notice),
) -> Result<std::convert::Infallible, SlotError> {
    let mut stream = connect(address).map_err(SlotError::Unreachable)?;
    loop {
        watch(Notice::Inserted);
        card.reset();
        let gone = match serve(card, &stream) {
            Ok(failed) => return Err(failed),
            Err(gone) => gone,
        };
        card.power_off();
        watch(Notice::ReaderGone(gone));
        stream = reconnect(address);
    }
}

fn reconnect(address: (&str, u16)) -> TcpStream {
    loop {
        thread::sleep(AWAY);
        if let Ok(stream) = connect(address) {
            return stream;
        }
    }
}

fn connect(address: (&str, u16)) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, Duration::from_secs(5)) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Answers until the reader goes away, which is the error, or the card fails.
fn serve(card: &mut impl Inserted, mut stream: &TcpStream) -> io::Result<SlotError> {
    let mut messages = Messages { stream, bytes: Vec::with_capacity(2 * 1024) };
    loop {
        let message = messages.next()?;
        match message.as_slice() {
            [] => {}
            [0x00] => card.power_off(),
            [0x01 | 0x02] => card.reset(),
            [0x04] => send(&mut stream, &ATR)?,
            [_] => {}
            command => {
                let Ok(mut answer) = card.answer(command) else { return Ok(SlotError::CardFailed) };
                send(&mut stream, answer.to_bytes())?;
                if card.settle().is_err() {
                    return Ok(SlotError::CardFailed);
                }
            }
        }
    }
}

fn send(stream: &mut &TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    stream.write_all(&[&length.to_be_bytes()[..], message].concat())
}

/// Cuts a stream into messages.
struct Messages<'a> {
    stream: &'a TcpStream,
    /// Read, and in no message yet.
    bytes: Vec<u8>,
}

impl Messages<'_> {
    fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some((length, rest)) = self.bytes.split_first_chunk()
                && let Some(message) = rest.get(..usize::from(u16::from_be_bytes(*length)))
            {
                let message = message.to_vec();
                self.bytes.drain(..2 + message.len());
                return Ok(message);
            }
            acknowledge_at_once(self.stream)?;
            let mut piece = [0; 512];
            let read = self.stream.read(&mut piece)?;
            if read == 0 {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            self.bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        }
    }
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_quickack(true)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_: &TcpStream) -> io::Result<()> {
    Ok(())
}
