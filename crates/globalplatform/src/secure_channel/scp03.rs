//! SCP03 in S8 mode: AES of 128, 192 or 256 bits.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::{
    Challenge, ChannelError, Cryptogram, EXTERNAL_AUTHENTICATE, MAC_BYTES, PROTECTED, SecurityLevel, le_of,
    split_mac,
};
use crate::{
    apdu::{COMMAND_DATA_MAX, Command, CommandBytes, RESPONSE_DATA_MAX, Response},
    block_cipher::{AES_BLOCK, AesKey, unpadded},
    status::StatusWord,
};

/// Derivation constants (Amendment D, table 4-1).
mod constant {
    pub(super) const CARD_CRYPTOGRAM: u8 = 0x00;
    pub(super) const HOST_CRYPTOGRAM: u8 = 0x01;
    pub(super) const CARD_CHALLENGE: u8 = 0x02;
    pub(super) const S_ENC: u8 = 0x04;
    pub(super) const S_MAC: u8 = 0x06;
    pub(super) const S_RMAC: u8 = 0x07;
}

/// The three keys of a version: Key-ENC, Key-MAC, Key-DEK.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticKeys {
    /// Makes the session keys for encryption, and pseudo-random card challenges.
    pub enc: AesKey,
    /// Makes the session keys for MACs.
    pub mac: AesKey,
    /// Encrypts keys that travel inside commands.
    pub dek: AesKey,
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scp03::StaticKeys({} bytes each)", self.enc.length())
    }
}

/// What a card can do: the parameter `i` (Amendment D, table 5-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options(pub u8);

impl Options {
    /// i=70: pseudo-random challenge, R-MAC and R-ENC.
    pub const ALL: Self = Self(0x70);

    /// Card challenges come from a counter, so that a host can know them beforehand.
    #[must_use]
    pub const fn has_pseudo_random_challenge(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// Whether a channel of this level can be opened.
    #[must_use]
    pub const fn offers(self, level: SecurityLevel) -> bool {
        let has_r_mac = self.0 & 0x20 != 0;
        let has_r_enc = has_r_mac && self.0 & 0x40 != 0;
        (!level.has_r_mac() || has_r_mac) && (!level.has_r_enc() || has_r_enc)
    }
}

/// The key derivation of NIST SP 800-108 in counter mode with CMAC, as Amendment D, section 4.1.5, lays out its input.
/// Fills `output`, at most 32 bytes.
fn derive(key: &AesKey, constant: u8, context: &[&[u8]; 2], output: &mut [u8]) {
    let bits = u16::try_from(output.len().saturating_mul(8)).unwrap_or(u16::MAX).to_be_bytes();
    for (counter, part) in (1_u8..).zip(output.chunks_mut(AES_BLOCK)) {
        let [first, second] = context;
        let mut block = key.cmac(&[&[0; 11], &[constant, 0x00], &bits, &[counter], first, second]);
        part.iter_mut().zip(&block).for_each(|(place, byte)| *place = *byte);
        block.zeroize();
    }
}

fn derive_key(key: &AesKey, constant: u8, context: &[&[u8]; 2]) -> AesKey {
    let mut bytes = [0; 32];
    let place = bytes.get_mut(..key.length()).unwrap_or_default();
    derive(key, constant, context, place);
    let derived = AesKey::new(place).unwrap_or_else(|| key.clone());
    bytes.zeroize();
    derived
}

/// The card challenge that follows from a counter of three bytes and the AID of the security domain (section 6.2.2.1).
#[must_use]
pub fn pseudo_random_challenge(keys: &StaticKeys, counter: [u8; 3], aid: &[u8]) -> Challenge {
    let mut challenge = [0; 8];
    derive(&keys.enc, constant::CARD_CHALLENGE, &[&counter, aid], &mut challenge);
    challenge
}

/// One side of a channel: the same state at host and card, as long as every message arrives.
#[derive(Clone)]
pub struct Session {
    s_enc: AesKey,
    s_mac: AesKey,
    s_rmac: AesKey,
    dek: AesKey,
    context: [Challenge; 2],
    chaining: [u8; AES_BLOCK],
    counter: u64,
    level: SecurityLevel,
    has_ended: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scp03::Session({:?}, ended {})", self.level, self.has_ended)
    }
}

impl Session {
    /// The session of two challenges; not authenticated yet.
    #[must_use]
    pub fn new(keys: &StaticKeys, host_challenge: Challenge, card_challenge: Challenge) -> Self {
        let context: [&[u8]; 2] = [&host_challenge, &card_challenge];
        Self {
            s_enc: derive_key(&keys.enc, constant::S_ENC, &context),
            s_mac: derive_key(&keys.mac, constant::S_MAC, &context),
            s_rmac: derive_key(&keys.mac, constant::S_RMAC, &context),
            dek: keys.dek.clone(),
            context: [host_challenge, card_challenge],
            chaining: [0; AES_BLOCK],
            counter: 0,
            level: SecurityLevel::AUTHENTICATED,
            has_ended: false,
        }
    }

    /// What the card proves itself with.
    #[must_use]
    pub fn card_cryptogram(&self) -> Cryptogram {
        self.cryptogram(constant::CARD_CRYPTOGRAM)
    }

    fn cryptogram(&self, constant: u8) -> Cryptogram {
        let mut cryptogram = [0; 8];
        let [host, card] = &self.context;
        derive(&self.s_mac, constant, &[host, card], &mut cryptogram);
        cryptogram
    }

    /// The level that the channel was opened at.
    #[must_use]
    pub const fn level(&self) -> SecurityLevel {
        self.level
    }

    /// The session keys S-ENC, S-MAC and S-RMAC: secrets, for comparison with test vectors.
    #[must_use]
    pub const fn expose_keys(&self) -> [&AesKey; 3] {
        [&self.s_enc, &self.s_mac, &self.s_rmac]
    }

    /// The key that encrypts keys inside commands.
    #[must_use]
    pub const fn dek(&self) -> &AesKey {
        &self.dek
    }

    /// The EXTERNAL AUTHENTICATE that opens the channel at a level.
    pub(super) fn external_authenticate(
        &mut self,
        level: SecurityLevel,
    ) -> Result<CommandBytes, ChannelError> {
        let cryptogram = self.cryptogram(constant::HOST_CRYPTOGRAM);
        let header = [0x84, EXTERNAL_AUTHENTICATE, level.byte(), 0x00];
        let bytes = self.with_mac(header, &cryptogram, None)?;
        self.level = level;
        Ok(bytes)
    }

    /// Checks the EXTERNAL AUTHENTICATE of the host.
    pub(super) fn check_external_authenticate(
        &mut self,
        command: &Command<'_>,
        level: SecurityLevel,
    ) -> Result<(), ChannelError> {
        let (cryptogram, mac) = split_mac(command)?;
        self.check_mac(command, cryptogram, mac)?;
        if !bool::from(self.cryptogram(constant::HOST_CRYPTOGRAM).ct_eq(cryptogram)) {
            return Err(ChannelError::HostCryptogram);
        }
        self.level = level;
        Ok(())
    }

    /// Protects a command (sections 6.2.4 and 6.2.6).
    pub(super) fn wrap(&mut self, command: &Command<'_>) -> Result<CommandBytes, ChannelError> {
        if !self.level.has_c_mac() {
            return Ok(command.to_bytes());
        }
        let mut bytes = [0; COMMAND_DATA_MAX + 1];
        let data = if self.level.has_c_enc() {
            // A command that does not fit must not move the counter, which the card would not follow.
            let padded = command.data().len().saturating_add(1).next_multiple_of(AES_BLOCK);
            if padded.saturating_add(MAC_BYTES) > COMMAND_DATA_MAX {
                return Err(ChannelError::TooLong);
            }
            self.next_command()?;
            self.encrypt(command.data(), &mut bytes, 0x00)?
        } else {
            command.data()
        };
        let [cla, ins, p1, p2] = command.header();
        self.with_mac([cla | PROTECTED, ins, p1, p2], data, le_of(command))
    }

    /// Checks and opens a protected command; after an error the session has ended.
    pub(super) fn unwrap(&mut self, command: &Command<'_>) -> Result<CommandBytes, ChannelError> {
        if !self.level.has_c_mac() {
            return if command.cla & PROTECTED == 0 {
                Ok(command.to_bytes())
            } else {
                Err(ChannelError::NotProtected)
            };
        }
        let (data, mac) = split_mac(command)?;
        self.check_mac(command, data, mac)?;
        let mut bytes = [0; COMMAND_DATA_MAX + 1];
        let data = if self.level.has_c_enc() {
            self.next_command()?;
            self.decrypt(data, &mut bytes, 0x00)?
        } else {
            data
        };
        let [cla, ins, p1, p2] = command.header();
        let plain = Command::new([cla & !PROTECTED, ins, p1, p2], data, command.le());
        Ok(plain.map_err(|_| ChannelError::TooLong)?.to_bytes())
    }

    /// Protects a response (sections 6.2.5 and 6.2.7).
    pub(super) fn wrap_response(&self, response: &Response) -> Result<Response, ChannelError> {
        if !self.level.has_r_mac() {
            return Ok(response.clone());
        }
        let status = response.status();
        if !is_protected(status) {
            return Ok(Response::new(status));
        }
        let mut bytes = [0; RESPONSE_DATA_MAX];
        let data = if self.level.has_r_enc() {
            self.encrypt(response.data(), &mut bytes, 0x80)?
        } else {
            response.data()
        };
        let mut wrapped = Response::new(status);
        wrapped
            .push(data)
            .and_then(|()| wrapped.push(&self.r_mac(data, status)))
            .map_err(|_| ChannelError::TooLong)?;
        Ok(wrapped)
    }

    /// Checks and opens a protected response; after an error the session has ended.
    pub(super) fn unwrap_response(&self, response: &Response) -> Result<Response, ChannelError> {
        if !self.level.has_r_mac() {
            return Ok(response.clone());
        }
        let status = response.status();
        if !is_protected(status) {
            return Ok(Response::new(status));
        }
        let (data, mac) =
            response.data().split_last_chunk::<MAC_BYTES>().ok_or(ChannelError::NotProtected)?;
        if !bool::from(self.r_mac(data, status).ct_eq(mac)) {
            return Err(ChannelError::MacWrong);
        }
        let mut bytes = [0; RESPONSE_DATA_MAX];
        let data = if self.level.has_r_enc() { self.decrypt(data, &mut bytes, 0x80)? } else { data };
        let plain = Response::with_data(data).map_err(|_| ChannelError::TooLong)?;
        Ok(plain.with_status(status))
    }

    /// After this every message is refused.
    pub(super) const fn end(&mut self) {
        self.has_ended = true;
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Appends the C-MAC and moves the chain on.
    fn with_mac(
        &mut self,
        header: [u8; 4],
        data: &[u8],
        le: Option<u16>,
    ) -> Result<CommandBytes, ChannelError> {
        let mut bytes = [0; COMMAND_DATA_MAX];
        let (place, rest) = bytes.split_at_mut_checked(data.len()).ok_or(ChannelError::TooLong)?;
        place.copy_from_slice(data);
        let mac_place = rest.first_chunk_mut::<MAC_BYTES>().ok_or(ChannelError::TooLong)?;
        self.chaining = self.c_mac(header, data);
        *mac_place = truncated(&self.chaining);
        let length = data.len().saturating_add(MAC_BYTES);
        let command = Command::new(header, bytes.get(..length).unwrap_or_default(), le);
        Ok(command.map_err(|_| ChannelError::TooLong)?.to_bytes())
    }

    /// Compares the C-MAC and moves the chain on.
    fn check_mac(&mut self, command: &Command<'_>, data: &[u8], mac: &[u8]) -> Result<(), ChannelError> {
        let expected = self.c_mac(command.header(), data);
        if !bool::from(truncated(&expected).ct_eq(mac)) {
            return Err(ChannelError::MacWrong);
        }
        self.chaining = expected;
        Ok(())
    }

    /// CMAC over the chaining value, the header on logical channel 0, Lc with the MAC, and the data.
    fn c_mac(&self, [cla, ins, p1, p2]: [u8; 4], data: &[u8]) -> [u8; AES_BLOCK] {
        let lc = u8::try_from(data.len().saturating_add(MAC_BYTES)).unwrap_or(u8::MAX);
        self.s_mac.cmac(&[&self.chaining, &[(cla & 0xF0) | PROTECTED, ins, p1, p2, lc], data])
    }

    fn r_mac(&self, data: &[u8], status: StatusWord) -> [u8; MAC_BYTES] {
        truncated(&self.s_rmac.cmac(&[&self.chaining, data, &status.to_bytes()]))
    }

    /// The encryption counter moves with every command, with and without data.
    fn next_command(&mut self) -> Result<(), ChannelError> {
        self.counter = self.counter.checked_add(1).ok_or(ChannelError::Exhausted)?;
        Ok(())
    }

    /// The counter as a block, encrypted; the first byte tells responses (80) from commands (00).
    fn initial(&self, first: u8) -> [u8; AES_BLOCK] {
        let mut block = u128::from(self.counter).to_be_bytes();
        if let Some(place) = block.first_mut() {
            *place = first;
        }
        self.s_enc.encrypt(&mut block);
        block
    }

    /// Pads and encrypts; nothing stays nothing.
    fn encrypt<'b>(&self, data: &[u8], bytes: &'b mut [u8], first: u8) -> Result<&'b [u8], ChannelError> {
        if data.is_empty() {
            return Ok(&[]);
        }
        let padded = data.len().saturating_add(1).next_multiple_of(AES_BLOCK);
        let place = bytes.get_mut(..padded).ok_or(ChannelError::TooLong)?;
        let padding = core::iter::once(&0x80).chain(core::iter::repeat(&0));
        place.iter_mut().zip(data.iter().chain(padding)).for_each(|(place, byte)| *place = *byte);
        self.s_enc.cbc_encrypt(self.initial(first), place);
        Ok(place)
    }

    fn decrypt<'b>(&self, data: &[u8], bytes: &'b mut [u8], first: u8) -> Result<&'b [u8], ChannelError> {
        if data.is_empty() {
            return Ok(&[]);
        }
        let place = bytes.get_mut(..data.len()).ok_or(ChannelError::TooLong)?;
        if !data.len().is_multiple_of(AES_BLOCK) {
            return Err(ChannelError::BadPadding);
        }
        place.copy_from_slice(data);
        self.s_enc.cbc_decrypt(self.initial(first), place);
        let length = unpadded(place).ok_or(ChannelError::BadPadding)?;
        Ok(place.get(..length).unwrap_or_default())
    }
}

/// Responses with an error status are not protected; 9000 and warnings are.
const fn is_protected(status: StatusWord) -> bool {
    status.is_success() || status.is_warning()
}

fn truncated(mac: &[u8; AES_BLOCK]) -> [u8; MAC_BYTES] {
    mac.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_mac_does_not_stand_for_a_wrong_cryptogram() {
        let key = AesKey::new(&[1; 16]).unwrap();
        let keys = StaticKeys { enc: key.clone(), mac: key.clone(), dek: key };
        let card = Session::new(&keys, [2; 8], [3; 8]);
        for change in [0x00, 0x01] {
            let (mut host, mut card) = (card.clone(), card.clone());
            let mut cryptogram = host.cryptogram(constant::HOST_CRYPTOGRAM);
            cryptogram[7] ^= change;
            let sent = host.with_mac([0x84, EXTERNAL_AUTHENTICATE, 0x01, 0x00], &cryptogram, None).unwrap();
            let opened = card.check_external_authenticate(&sent.command().unwrap(), SecurityLevel::C_MAC);
            let expected = if change == 0 { Ok(()) } else { Err(ChannelError::HostCryptogram) };
            assert_eq!(opened, expected);
        }
    }
}
