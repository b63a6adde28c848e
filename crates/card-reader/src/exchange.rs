//! One command and its answer, and why there is no usable one.

use std::fmt;

use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
};
use purse::bytes;

use crate::reader::{Reader, ReaderError};

/// Why a card or security module gave no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeError {
    /// There was no answer; whether the command was carried out is not known.
    Unanswered(ReaderError),
    /// It said no.
    Refused(StatusWord),
    /// It said yes, and the data is none.
    Malformed,
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(error) => error.fmt(f),
            Self::Refused(status) => write!(f, "refused with {status}"),
            Self::Malformed => f.write_str("answer has a wrong length or content"),
        }
    }
}

impl std::error::Error for ExchangeError {}

impl From<ReaderError> for ExchangeError {
    fn from(error: ReaderError) -> Self {
        Self::Unanswered(error)
    }
}

/// Sends one command; the response where it is 9000. Fetches what a T=0 card keeps back (61xx).
///
/// # Errors
/// [`ExchangeError`].
pub fn exchange(
    reader: &mut dyn Reader,
    header: [u8; 4],
    data: &[&[u8]],
    le: Option<u16>,
) -> Result<Response, ExchangeError> {
    let data = data.concat();
    let command = Command::new(header, &data, le).map_err(|_| ExchangeError::Malformed)?;
    let mut response = reader.transmit(&command)?;
    if let [0x61, length] = response.status().to_bytes() {
        let le = if length == 0 { 256 } else { u16::from(length) };
        let fetch =
            Command::new([0x00, 0xC0, 0x00, 0x00], &[], Some(le)).map_err(|_| ExchangeError::Malformed)?;
        response = reader.transmit(&fetch)?;
    }
    if response.status().is_success() { Ok(response) } else { Err(ExchangeError::Refused(response.status())) }
}

/// Reads an answer to its end.
///
/// # Errors
/// [`ExchangeError::Malformed`], where something is missing or left over.
pub fn parse<T>(
    data: &[u8],
    read: impl FnOnce(&mut bytes::Reader<'_>) -> Option<T>,
) -> Result<T, ExchangeError> {
    let mut reader = bytes::Reader::new(data);
    let value = read(&mut reader).ok_or(ExchangeError::Malformed)?;
    if reader.rest().is_empty() { Ok(value) } else { Err(ExchangeError::Malformed) }
}
