//! Commands and responses in the short form of ISO/IEC 7816-3, section 12.1: at most 255 bytes in, 256 bytes out.

use core::fmt;

use crate::status::StatusWord;

/// The longest short command: header, Lc, 255 bytes, Le.
pub const COMMAND_BYTES_MAX: usize = 261;
/// The most data of a short command.
pub const COMMAND_DATA_MAX: usize = 255;
/// The most data of a short response.
pub const RESPONSE_DATA_MAX: usize = 256;
/// The longest short response: data and status word.
pub const RESPONSE_BYTES_MAX: usize = 258;

/// The bytes are no short command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// Fewer than the four bytes of a header.
    TooShort,
    /// Lc is written in the extended form, which cards here do not have.
    ExtendedLength,
    /// The data is longer or shorter than Lc says.
    LengthDiffers,
    /// More than 255 bytes of data, or an Le outside 1 to 256.
    TooLong,
}

impl CommandError {
    /// What a card answers: 6700.
    #[must_use]
    pub const fn status(self) -> StatusWord {
        StatusWord::WRONG_LENGTH
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "command is shorter than its header",
            Self::ExtendedLength => "command has an extended length",
            Self::LengthDiffers => "command data is not as long as Lc says",
            Self::TooLong => "command does not fit the short form",
        })
    }
}

impl core::error::Error for CommandError {}

/// A command. Its data is at most 255 bytes, its Le 1 to 256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// Class.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    data: &'a [u8],
    le: Option<u16>,
}

impl<'a> Command<'a> {
    /// A command of CLA, INS, P1, P2, data and Le: how many bytes of response are wanted, 256 for all.
    ///
    /// # Errors
    /// [`CommandError::TooLong`].
    pub const fn new(header: [u8; 4], data: &'a [u8], le: Option<u16>) -> Result<Self, CommandError> {
        let le_fits = match le {
            Some(le) => le >= 1 && le <= 256,
            None => true,
        };
        if data.len() > COMMAND_DATA_MAX || !le_fits {
            return Err(CommandError::TooLong);
        }
        let [cla, ins, p1, p2] = header;
        Ok(Self { cla, ins, p1, p2, data, le })
    }

    /// Reads a command of case 1 (header), 2 (with Le), 3 (with data) or 4 (with both).
    ///
    /// # Errors
    /// [`CommandError`].
    pub const fn parse(bytes: &'a [u8]) -> Result<Self, CommandError> {
        let Some((header, body)) = bytes.split_first_chunk::<4>() else { return Err(CommandError::TooShort) };
        match body {
            [] => Self::new(*header, &[], None),
            [le] => Self::new(*header, &[], Some(le_of(*le))),
            [0, ..] => Err(CommandError::ExtendedLength),
            [lc, rest @ ..] => {
                let lc = *lc as usize;
                if rest.len() == lc {
                    Self::new(*header, rest, None)
                } else if let Some((le, data)) = rest.split_last()
                    && data.len() == lc
                {
                    Self::new(*header, data, Some(le_of(*le)))
                } else {
                    Err(CommandError::LengthDiffers)
                }
            }
        }
    }

    /// CLA, INS, P1, P2.
    #[must_use]
    pub const fn header(&self) -> [u8; 4] {
        [self.cla, self.ins, self.p1, self.p2]
    }

    /// The data field, at most 255 bytes.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// How many bytes of response are wanted, 1 to 256. `None` where no response data is.
    #[must_use]
    pub const fn le(&self) -> Option<u16> {
        self.le
    }

    /// Lc as one byte; 0 where there is no data.
    #[must_use]
    pub fn lc(&self) -> u8 {
        u8::try_from(self.data.len()).unwrap_or(u8::MAX)
    }

    /// The command in bytes.
    #[must_use]
    pub fn to_bytes(&self) -> CommandBytes {
        let mut bytes = CommandBytes { bytes: [0; COMMAND_BYTES_MAX], length: 0 };
        bytes.push(&self.header());
        if !self.data.is_empty() {
            bytes.push(&[self.lc()]);
            bytes.push(self.data);
        }
        if let Some(le) = self.le {
            // 256 is written as 00.
            bytes.push(&[le.to_be_bytes()[1]]);
        }
        bytes
    }
}

/// What an Le byte means.
const fn le_of(byte: u8) -> u16 {
    if byte == 0 { 256 } else { byte as u16 }
}

/// Only header and lengths: data may be a secret.
impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [cla, ins, p1, p2] = self.header();
        write!(
            f,
            "Command({cla:02X} {ins:02X} {p1:02X} {p2:02X}, {} bytes, Le {:?})",
            self.data.len(),
            self.le
        )
    }
}

/// A command in bytes, without a heap.
#[derive(Clone)]
pub struct CommandBytes {
    bytes: [u8; COMMAND_BYTES_MAX],
    length: usize,
}

impl CommandBytes {
    /// The bytes that go to the card.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The command that these bytes are.
    ///
    /// # Errors
    /// [`CommandError`], never for bytes that [`Command::to_bytes`] made.
    pub fn command(&self) -> Result<Command<'_>, CommandError> {
        Command::parse(self.as_slice())
    }

    /// Appends what still fits; a [`Command`] fits by construction.
    fn push(&mut self, part: &[u8]) {
        let end = self.length.saturating_add(part.len());
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(part);
            self.length = end;
        }
    }
}

impl AsRef<[u8]> for CommandBytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Debug for CommandBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandBytes({} bytes)", self.length)
    }
}

/// The response data does not fit, or the bytes are no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseError {
    /// More than 256 bytes of data.
    TooLong,
    /// Fewer than the two bytes of a status word.
    TooShort,
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "response does not fit the short form",
            Self::TooShort => "response is shorter than a status word",
        })
    }
}

impl core::error::Error for ResponseError {}

/// A response: up to 256 bytes of data and a status word, without a heap.
#[derive(Clone)]
pub struct Response {
    bytes: [u8; RESPONSE_BYTES_MAX],
    /// Of the data; at most [`RESPONSE_DATA_MAX`].
    length: usize,
    status: StatusWord,
}

impl Response {
    /// A response without data.
    #[must_use]
    pub const fn new(status: StatusWord) -> Self {
        Self { bytes: [0; RESPONSE_BYTES_MAX], length: 0, status }
    }

    /// A response 9000 with this data.
    ///
    /// # Errors
    /// [`ResponseError::TooLong`].
    pub fn with_data(data: &[u8]) -> Result<Self, ResponseError> {
        let mut response = Self::new(StatusWord::SUCCESS);
        response.push(data)?;
        Ok(response)
    }

    /// Reads data and status word, as a card sends them.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ResponseError> {
        let (data, status) = bytes.split_last_chunk::<2>().ok_or(ResponseError::TooShort)?;
        Ok(Self { status: StatusWord::from_bytes(*status), ..Self::with_data(data)? })
    }

    /// Appends data, all of it or nothing.
    ///
    /// # Errors
    /// [`ResponseError::TooLong`].
    pub fn push(&mut self, data: &[u8]) -> Result<(), ResponseError> {
        let end = self.length.saturating_add(data.len());
        if end > RESPONSE_DATA_MAX {
            return Err(ResponseError::TooLong);
        }
        let place = self.bytes.get_mut(self.length..end).ok_or(ResponseError::TooLong)?;
        place.copy_from_slice(data);
        self.length = end;
        Ok(())
    }

    /// The same data with another status word.
    #[must_use]
    pub fn with_status(mut self, status: StatusWord) -> Self {
        self.status = status;
        self
    }

    /// The data.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The status word.
    #[must_use]
    pub const fn status(&self) -> StatusWord {
        self.status
    }

    /// Data and status word, as they go to the reader.
    #[must_use]
    pub fn to_bytes(&mut self) -> &[u8] {
        let end = self.length.saturating_add(2).min(RESPONSE_BYTES_MAX);
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(&self.status.to_bytes());
        }
        self.bytes.get(..end).unwrap_or_default()
    }
}

impl From<StatusWord> for Response {
    fn from(status: StatusWord) -> Self {
        Self::new(status)
    }
}

impl From<CommandError> for Response {
    fn from(error: CommandError) -> Self {
        Self::new(error.status())
    }
}

impl PartialEq for Response {
    fn eq(&self, other: &Self) -> bool {
        self.data() == other.data() && self.status == other.status
    }
}

impl Eq for Response {}

/// Only length and status: data may be a secret.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes, {})", self.length, self.status)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_four_cases_are_told_apart() {
        let case = |bytes: &'static [u8]| {
            let command = Command::parse(bytes).unwrap();
            (command.data(), command.le())
        };
        assert_eq!(case(&[0x80, 0xF2, 0x20, 0x02]), (&[][..], None));
        assert_eq!(case(&[0x80, 0x5C, 0, 2, 4]), (&[][..], Some(4)));
        assert_eq!(case(&[0x80, 0xCA, 0, 0x66, 0]), (&[][..], Some(256)));
        assert_eq!(case(&[0x80, 0xF2, 0x80, 2, 2, 0x4F, 0]), (&[0x4F, 0][..], None));
        assert_eq!(case(&[0x80, 0xF2, 0x80, 2, 2, 0x4F, 0, 0]), (&[0x4F, 0][..], Some(256)));
    }

    #[test]
    fn extended_and_wrong_lengths_are_refused() {
        let refusal = |bytes: &[u8]| Command::parse(bytes).unwrap_err();
        assert_eq!(refusal(&[]), CommandError::TooShort);
        assert_eq!(refusal(&[0, 0xA4, 4]), CommandError::TooShort);
        assert_eq!(refusal(&[0, 0xA4, 4, 0, 0, 0, 1, 0xAA]), CommandError::ExtendedLength);
        assert_eq!(refusal(&[0, 0xA4, 4, 0, 0, 0, 0]), CommandError::ExtendedLength);
        assert_eq!(refusal(&[0, 0xA4, 4, 0, 3, 1, 2]), CommandError::LengthDiffers);
        assert_eq!(refusal(&[0, 0xA4, 4, 0, 1, 1, 2, 3]), CommandError::LengthDiffers);
        assert_eq!(refusal(&[]).status(), StatusWord::WRONG_LENGTH);
        assert_eq!(Command::new([0; 4], &[0; 256], None), Err(CommandError::TooLong));
        assert_eq!(Command::new([0; 4], &[], Some(0)), Err(CommandError::TooLong));
        assert_eq!(Command::new([0; 4], &[], Some(257)), Err(CommandError::TooLong));
    }

    #[test]
    fn a_response_holds_256_bytes_and_no_more() {
        let mut response = Response::with_data(&[7; 256]).unwrap();
        assert_eq!(response.push(&[1]), Err(ResponseError::TooLong));
        assert_eq!(response.to_bytes().len(), 258);
        assert!(response.to_bytes().ends_with(&[7, 0x90, 0x00]));
        assert_eq!(Response::parse(&[0x90]), Err(ResponseError::TooShort));
        assert_eq!(Response::parse(&[0; 259]), Err(ResponseError::TooLong));
    }

    #[test]
    fn debug_shows_no_data() {
        let command = Command::new([0x80, 0xE2, 0, 0], &[0xAB, 0xCD], None).unwrap();
        assert_eq!(std::format!("{command:?}"), "Command(80 E2 00 00, 2 bytes, Le None)");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(
            header: [u8; 4],
            data in prop::collection::vec(any::<u8>(), 0..=255),
            le in prop::option::of(1_u16..=256),
        ) {
            let command = Command::new(header, &data, le).unwrap();
            let written = command.to_bytes();
            prop_assert_eq!(written.command().unwrap(), command);
        }

        #[test]
        fn whatever_is_read_is_written_as_the_same(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(command) = Command::parse(&bytes) {
                let written = command.to_bytes();
                prop_assert_eq!(written.as_slice(), &bytes[..]);
            }
        }

        #[test]
        fn responses_are_read_as_they_were_written(
            data in prop::collection::vec(any::<u8>(), 0..=256),
            status: u16,
        ) {
            let mut response = Response::with_data(&data).unwrap().with_status(StatusWord(status));
            let read = Response::parse(response.to_bytes()).unwrap();
            prop_assert_eq!(read, response);
        }
    }
}
