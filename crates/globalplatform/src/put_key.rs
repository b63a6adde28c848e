//! PUT KEY (GlobalPlatform 2.3.1, section 11.8; AES keys as Amendment D, section 7.2, has them): the data of the command,
//! built by a host and opened by a card.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::{
    apdu::{COMMAND_DATA_MAX, Command, CommandBytes},
    block_cipher::{AesKey, CheckValue, DesKey},
    keys::{AES_TYPE, DES_TYPE, KeyVersion, check_values},
    secure_channel::{CardChannel, HostChannel, StaticKeys, scp02, scp03},
    status::StatusWord,
};

/// INS of PUT KEY.
pub const PUT_KEY: u8 = 0xD8;
/// P2 for the three keys of a channel: key identifier 1, and more than one key.
const THREE_KEYS: u8 = 0x81;
/// P2 for one key: key identifier 1.
const ONE_KEY: u8 = 0x01;
/// The longest encrypted key: 32 bytes.
const KEY_BYTES_MAX: usize = 32;

/// Why keys are refused. Nothing has been changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutKeyError {
    /// The parameters ask for something else than three keys of a channel or the one that signs load files.
    Parameters,
    /// The data has another form.
    Malformed,
    /// A type of key that is neither DES nor AES, or types are mixed.
    Algorithm,
    /// A key has another length than its type, or another than its neighbours.
    KeyLength,
    /// A check value is missing, or is not that of the key that arrived.
    CheckValue,
}

impl PutKeyError {
    /// What a card answers.
    #[must_use]
    pub const fn status(self) -> StatusWord {
        match self {
            Self::Parameters => StatusWord::WRONG_P1_P2,
            Self::Malformed | Self::KeyLength => StatusWord::WRONG_DATA,
            Self::Algorithm => StatusWord::ALGORITHM_NOT_SUPPORTED,
            Self::CheckValue => StatusWord::KEY_CHECK_VALUE_WRONG,
        }
    }
}

impl fmt::Display for PutKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parameters => "parameters of PUT KEY are not supported",
            Self::Malformed => "data of PUT KEY has another form",
            Self::Algorithm => "type of key is not supported",
            Self::KeyLength => "key has a wrong length",
            Self::CheckValue => "key check value is missing or wrong",
        })
    }
}

impl core::error::Error for PutKeyError {}

/// What arrived, opened and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewKeys {
    /// Key-ENC, Key-MAC and Key-DEK.
    Channel(StaticKeys),
    /// The key that signs load files.
    Dap(AesKey),
}

/// A PUT KEY, opened and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutKey {
    /// The version that the new keys take the place of. `None` where they are added.
    pub replaces: Option<KeyVersion>,
    /// The version of the new keys.
    pub version: KeyVersion,
    /// The keys.
    pub keys: NewKeys,
}

impl PutKey {
    /// Opens the keys of a command under the channel's DEK, and compares each with its check value.
    ///
    /// # Errors
    /// [`PutKeyError`].
    pub fn open(command: &Command<'_>, channel: &CardChannel) -> Result<Self, PutKeyError> {
        let replaces = match command.p1 {
            0x00 => None,
            byte => Some(KeyVersion::new(byte).ok_or(PutKeyError::Parameters)?),
        };
        let (version, rest) = command.data().split_first().ok_or(PutKeyError::Malformed)?;
        let version = KeyVersion::new(*version).filter(|version| *version != KeyVersion::INITIAL);
        let version = version.ok_or(PutKeyError::Malformed)?;
        let keys = match (command.p2, version) {
            (THREE_KEYS, version) if version != KeyVersion::DAP => {
                let (enc, rest) = OpenedKey::read(rest, channel)?;
                let (mac, rest) = OpenedKey::read(rest, channel)?;
                let (dek, rest) = OpenedKey::read(rest, channel)?;
                NewKeys::Channel(three_keys(enc, mac, dek, rest)?)
            }
            (ONE_KEY, KeyVersion::DAP) => match OpenedKey::read(rest, channel)? {
                (OpenedKey::Aes(key), []) => NewKeys::Dap(key),
                (OpenedKey::Aes(_), _) => return Err(PutKeyError::Malformed),
                (OpenedKey::Des(_), _) => return Err(PutKeyError::Algorithm),
            },
            _ => return Err(PutKeyError::Parameters),
        };
        Ok(Self { replaces, version, keys })
    }

    /// The card's answer: the version, then the check value of each key.
    #[must_use]
    pub fn confirmation(&self) -> ([u8; 10], usize) {
        let (values, count) = match &self.keys {
            NewKeys::Channel(keys) => (check_values(keys), 3_usize),
            NewKeys::Dap(key) => ([key.check_value(), [0; 3], [0; 3]], 1),
        };
        let mut bytes = [0; 10];
        let all = core::iter::once(self.version.byte()).chain(values.into_iter().flatten());
        bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = byte);
        (bytes, count.saturating_mul(3).saturating_add(1))
    }
}

fn three_keys(
    enc: OpenedKey,
    mac: OpenedKey,
    dek: OpenedKey,
    rest: &[u8],
) -> Result<StaticKeys, PutKeyError> {
    if !rest.is_empty() {
        return Err(PutKeyError::Malformed);
    }
    match (enc, mac, dek) {
        (OpenedKey::Aes(enc), OpenedKey::Aes(mac), OpenedKey::Aes(dek)) => {
            if enc.length() != mac.length() || enc.length() != dek.length() {
                return Err(PutKeyError::KeyLength);
            }
            Ok(StaticKeys::Scp03(scp03::StaticKeys { enc, mac, dek }))
        }
        (OpenedKey::Des(enc), OpenedKey::Des(mac), OpenedKey::Des(dek)) => {
            Ok(StaticKeys::Scp02(scp02::StaticKeys { enc, mac, dek }))
        }
        _ => Err(PutKeyError::Algorithm),
    }
}

/// One key of the command.
enum OpenedKey {
    Des(DesKey),
    Aes(AesKey),
}

impl OpenedKey {
    /// Type, length of the key's block, block, length of the check value, check value.
    fn read<'a>(data: &'a [u8], channel: &CardChannel) -> Result<(Self, &'a [u8]), PutKeyError> {
        let [kind, length, rest @ ..] = data else { return Err(PutKeyError::Malformed) };
        let (block, rest) = rest.split_at_checked(usize::from(*length)).ok_or(PutKeyError::Malformed)?;
        let (check, rest) = match rest {
            [3, rest @ ..] => rest.split_first_chunk::<3>().ok_or(PutKeyError::Malformed)?,
            // A key without its check value could not be told from a damaged one.
            [0, ..] => return Err(PutKeyError::CheckValue),
            _ => return Err(PutKeyError::Malformed),
        };
        let mut bytes = [0; KEY_BYTES_MAX];
        let opened = open_block(block, channel, &mut bytes).ok_or(PutKeyError::KeyLength).and_then(|key| {
            match *kind {
                DES_TYPE => DesKey::new(key).map(|key| (key.check_value(), Self::Des(key))),
                AES_TYPE => AesKey::new(key).map(|key| (key.check_value(), Self::Aes(key))),
                _ => return Err(PutKeyError::Algorithm),
            }
            .ok_or(PutKeyError::KeyLength)
        });
        bytes.zeroize();
        let (expected, key) = opened?;
        if !bool::from(expected.ct_eq(check)) {
            return Err(PutKeyError::CheckValue);
        }
        Ok((key, rest))
    }
}

/// Opens a block of secret data under the channel's DEK. Whole blocks are the data itself (table 11-71); one byte more
/// means that the first one tells the length of the data, which was padded (table 11-70).
pub(crate) fn open_block<'b>(block: &[u8], channel: &CardChannel, bytes: &'b mut [u8]) -> Option<&'b [u8]> {
    let (length, encrypted) = match block.len().checked_rem(channel.dek_block())? {
        0 => (block.len(), block),
        1 => block.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        _ => return None,
    };
    let place = bytes.get_mut(..encrypted.len())?;
    place.copy_from_slice(encrypted);
    channel.decrypt_key_data(place);
    let is_padded_within_a_block = encrypted.len().checked_sub(length)? < channel.dek_block();
    if length == 0 || !is_padded_within_a_block {
        return None;
    }
    place.get(..length)
}

/// Encrypts a block of secret data under the channel's DEK, as [`open_block`] reads it. Gives the length, or nothing where
/// it does not fit.
fn close_block(secret: &[u8], channel: &HostChannel, with_length: bool, bytes: &mut [u8]) -> Option<usize> {
    let padded = secret.len().next_multiple_of(channel.dek_block());
    let has_length = with_length || padded != secret.len();
    let start = usize::from(has_length);
    let end = start.saturating_add(padded);
    if has_length {
        *bytes.first_mut()? = u8::try_from(secret.len()).ok()?;
    }
    let place = bytes.get_mut(start..end)?;
    place.fill(0);
    place.get_mut(..secret.len())?.copy_from_slice(secret);
    channel.encrypt_key_data(place);
    Some(end)
}

impl HostChannel {
    /// PUT KEY for the three keys of a version, still to be protected by [`HostChannel::wrap`]. `replaces` is the version
    /// that they take the place of.
    ///
    /// # Errors
    /// [`PutKeyError::Malformed`] where the command would be too long.
    pub fn put_key(
        &self,
        replaces: Option<KeyVersion>,
        version: KeyVersion,
        keys: &StaticKeys,
    ) -> Result<CommandBytes, PutKeyError> {
        let mut data = PutKeyData::new(version);
        let [enc, mac, dek] = check_values(keys);
        match keys {
            StaticKeys::Scp02(keys) => {
                for (key, check) in [(&keys.enc, enc), (&keys.mac, mac), (&keys.dek, dek)] {
                    data.push(self, DES_TYPE, key.expose(), check)?;
                }
            }
            StaticKeys::Scp03(keys) => {
                for (key, check) in [(&keys.enc, enc), (&keys.mac, mac), (&keys.dek, dek)] {
                    data.push(self, AES_TYPE, key.expose(), check)?;
                }
            }
        }
        data.command(replaces, THREE_KEYS)
    }

    /// PUT KEY for the key that signs load files.
    ///
    /// # Errors
    /// As [`HostChannel::put_key`].
    pub fn put_dap_key(&self, key: &AesKey) -> Result<CommandBytes, PutKeyError> {
        let mut data = PutKeyData::new(KeyVersion::DAP);
        data.push(self, AES_TYPE, key.expose(), key.check_value())?;
        data.command(None, ONE_KEY)
    }

    /// Encrypts secret data for an application, as an encrypted DGI of STORE DATA holds it: whole blocks, or the length and
    /// padded blocks. Gives how many bytes of `bytes` are used; nothing where it does not fit.
    #[must_use]
    pub fn wrap_secret(&self, secret: &[u8], bytes: &mut [u8]) -> Option<usize> {
        close_block(secret, self, false, bytes)
    }
}

/// The data of a PUT KEY while it is built.
struct PutKeyData {
    bytes: [u8; COMMAND_DATA_MAX],
    length: usize,
}

impl PutKeyData {
    fn new(version: KeyVersion) -> Self {
        let mut data = Self { bytes: [0; COMMAND_DATA_MAX], length: 1 };
        data.bytes.first_mut().into_iter().for_each(|place| *place = version.byte());
        data
    }

    fn push(
        &mut self,
        channel: &HostChannel,
        kind: u8,
        key: &[u8],
        check: CheckValue,
    ) -> Result<(), PutKeyError> {
        let mut block = [0; KEY_BYTES_MAX + 1];
        // Amendment D writes the length before AES keys always.
        let length = close_block(key, channel, kind == AES_TYPE, &mut block).ok_or(PutKeyError::Malformed)?;
        let block = block.get(..length).unwrap_or_default();
        let length = u8::try_from(length).map_err(|_| PutKeyError::Malformed)?;
        for part in [&[kind, length][..], block, &[3], &check] {
            let end = self.length.saturating_add(part.len());
            self.bytes.get_mut(self.length..end).ok_or(PutKeyError::Malformed)?.copy_from_slice(part);
            self.length = end;
        }
        Ok(())
    }

    fn command(&self, replaces: Option<KeyVersion>, p2: u8) -> Result<CommandBytes, PutKeyError> {
        let data = self.bytes.get(..self.length).unwrap_or_default();
        let p1 = replaces.map_or(0x00, KeyVersion::byte);
        let command = Command::new([0x80, PUT_KEY, p1, p2], data, Some(256));
        Ok(command.map_err(|_| PutKeyError::Malformed)?.to_bytes())
    }
}
