//! SCP02, options i=15 and i=55: explicit initiation, MAC over the modified APDU, encrypted ICV, three keys. Deprecated
//! (its encryption has no integrity of its own and a fixed ICV); only for cards that have nothing better.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::{
    Challenge, ChannelError, Cryptogram, EXTERNAL_AUTHENTICATE, MAC_BYTES, PROTECTED, SecurityLevel, le_of,
    split_mac,
};
use crate::{
    apdu::{COMMAND_DATA_MAX, Command, CommandBytes},
    block_cipher::{DES_BLOCK, DesKey, unpadded},
};

/// Derivation constants (GlobalPlatform 2.3.1, section E.4.1).
mod constant {
    pub(super) const C_MAC: [u8; 2] = [0x01, 0x01];
    pub(super) const R_MAC: [u8; 2] = [0x01, 0x02];
    pub(super) const DEK: [u8; 2] = [0x01, 0x81];
    pub(super) const ENC: [u8; 2] = [0x01, 0x82];
}

/// A card's challenge in SCP02.
pub type CardChallenge = [u8; 6];

/// The three keys of a version: Key-ENC, Key-MAC, Key-DEK.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticKeys {
    /// Makes the session keys for encryption.
    pub enc: DesKey,
    /// Makes the session keys for MACs.
    pub mac: DesKey,
    /// Makes the session key that encrypts keys inside commands.
    pub dek: DesKey,
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("scp02::StaticKeys")
    }
}

/// Whether the card offers this level: without R-MAC, which SCP02 begins by a command of its own.
#[must_use]
pub const fn offers(level: SecurityLevel) -> bool {
    !level.has_r_mac()
}

/// A session key: constant, counter and zeros, encrypted in CBC.
fn derive(key: &DesKey, constant: [u8; 2], counter: [u8; 2]) -> DesKey {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(constant.iter().chain(&counter)).for_each(|(place, byte)| *place = *byte);
    key.cbc_encrypt([0; DES_BLOCK], &mut bytes);
    let derived = DesKey::new(&bytes).unwrap_or_else(|| key.clone());
    bytes.zeroize();
    derived
}

/// The card challenge of i=55 that follows from the counter and the AID of the security domain (section E.4.2.3).
#[must_use]
pub fn pseudo_random_challenge(keys: &StaticKeys, counter: [u8; 2], aid: &[u8]) -> CardChallenge {
    let mac = derive(&keys.mac, constant::C_MAC, counter).retail_mac([0; DES_BLOCK], &[aid]);
    mac.first_chunk().copied().unwrap_or_default()
}

/// One side of a channel: the same state at host and card, as long as every message arrives.
#[derive(Clone)]
pub struct Session {
    s_enc: DesKey,
    c_mac: DesKey,
    r_mac: DesKey,
    s_dek: DesKey,
    host_challenge: Challenge,
    counter: [u8; 2],
    card_challenge: CardChallenge,
    /// The MAC of the last command; none before the first.
    last: Option<[u8; DES_BLOCK]>,
    level: SecurityLevel,
    has_ended: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scp02::Session({:?}, ended {})", self.level, self.has_ended)
    }
}

impl Session {
    /// The session of a counter and two challenges; not authenticated yet.
    #[must_use]
    pub fn new(
        keys: &StaticKeys,
        host_challenge: Challenge,
        counter: [u8; 2],
        card_challenge: CardChallenge,
    ) -> Self {
        Self {
            s_enc: derive(&keys.enc, constant::ENC, counter),
            c_mac: derive(&keys.mac, constant::C_MAC, counter),
            r_mac: derive(&keys.mac, constant::R_MAC, counter),
            s_dek: derive(&keys.dek, constant::DEK, counter),
            host_challenge,
            counter,
            card_challenge,
            last: None,
            level: SecurityLevel::AUTHENTICATED,
            has_ended: false,
        }
    }

    /// What the card proves itself with.
    #[must_use]
    pub fn card_cryptogram(&self) -> Cryptogram {
        self.s_enc.full_mac(&[&self.host_challenge, &self.counter, &self.card_challenge])
    }

    fn host_cryptogram(&self) -> Cryptogram {
        self.s_enc.full_mac(&[&self.counter, &self.card_challenge, &self.host_challenge])
    }

    /// The level that the channel was opened at.
    #[must_use]
    pub const fn level(&self) -> SecurityLevel {
        self.level
    }

    /// The session keys S-ENC, C-MAC and R-MAC: secrets, for comparison with test vectors.
    #[must_use]
    pub const fn expose_keys(&self) -> [&DesKey; 3] {
        [&self.s_enc, &self.c_mac, &self.r_mac]
    }

    /// The session key that encrypts keys inside commands.
    #[must_use]
    pub const fn dek(&self) -> &DesKey {
        &self.s_dek
    }

    /// The EXTERNAL AUTHENTICATE that opens the channel at a level.
    pub(super) fn external_authenticate(
        &mut self,
        level: SecurityLevel,
    ) -> Result<CommandBytes, ChannelError> {
        let header = [0x84, EXTERNAL_AUTHENTICATE, level.byte(), 0x00];
        let cryptogram = self.host_cryptogram();
        let mac = self.next_mac(header, &cryptogram);
        self.level = level;
        with_mac(header, &cryptogram, mac, None)
    }

    /// Checks the EXTERNAL AUTHENTICATE of the host.
    pub(super) fn check_external_authenticate(
        &mut self,
        command: &Command<'_>,
        level: SecurityLevel,
    ) -> Result<(), ChannelError> {
        let (cryptogram, mac) = split_mac(command)?;
        self.check_mac(command.header(), cryptogram, mac)?;
        if !bool::from(self.host_cryptogram().ct_eq(cryptogram)) {
            return Err(ChannelError::HostCryptogram);
        }
        self.level = level;
        Ok(())
    }

    /// Protects a command: the MAC is over the plain data, then the data is encrypted (sections E.4.4 and E.4.6).
    pub(super) fn wrap(&mut self, command: &Command<'_>) -> Result<CommandBytes, ChannelError> {
        if !self.level.has_c_mac() {
            return Ok(command.to_bytes());
        }
        let (plain, [cla, ins, p1, p2]) = (command.data(), command.header());
        let header = [cla | PROTECTED, ins, p1, p2];
        let mut bytes = [0; COMMAND_DATA_MAX + 1];
        let is_encrypted = self.level.has_c_enc() && !plain.is_empty();
        let padded = plain.len().saturating_add(1).next_multiple_of(DES_BLOCK);
        let length = if is_encrypted { padded } else { plain.len() };
        if length.saturating_add(MAC_BYTES) > COMMAND_DATA_MAX {
            return Err(ChannelError::TooLong);
        }
        let place = bytes.get_mut(..length).ok_or(ChannelError::TooLong)?;
        let padding = core::iter::once(&0x80).chain(core::iter::repeat(&0));
        place.iter_mut().zip(plain.iter().chain(padding)).for_each(|(place, byte)| *place = *byte);
        let mac = self.next_mac(header, plain);
        if is_encrypted {
            self.s_enc.cbc_encrypt([0; DES_BLOCK], place);
        }
        with_mac(header, place, mac, le_of(command))
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
        let mut bytes = [0; COMMAND_DATA_MAX];
        let place = bytes.get_mut(..data.len()).ok_or(ChannelError::TooLong)?;
        place.copy_from_slice(data);
        let mut length = data.len();
        if self.level.has_c_enc() && !data.is_empty() {
            if !length.is_multiple_of(DES_BLOCK) {
                return Err(ChannelError::BadPadding);
            }
            self.s_enc.cbc_decrypt([0; DES_BLOCK], place);
            length = unpadded(place).ok_or(ChannelError::BadPadding)?;
        }
        let plain = place.get(..length).unwrap_or_default();
        self.check_mac(command.header(), plain, mac)?;
        let [cla, ins, p1, p2] = command.header();
        let plain = Command::new([cla & !PROTECTED, ins, p1, p2], plain, command.le());
        Ok(plain.map_err(|_| ChannelError::TooLong)?.to_bytes())
    }

    /// After this every message is refused.
    pub(super) const fn end(&mut self) {
        self.has_ended = true;
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn next_mac(&mut self, header: [u8; 4], data: &[u8]) -> [u8; MAC_BYTES] {
        let mac = self.mac(header, data);
        self.last = Some(mac);
        mac
    }

    fn check_mac(&mut self, header: [u8; 4], data: &[u8], mac: &[u8]) -> Result<(), ChannelError> {
        let expected = self.mac(header, data);
        if !bool::from(expected.ct_eq(mac)) {
            return Err(ChannelError::MacWrong);
        }
        self.last = Some(expected);
        Ok(())
    }

    /// Over the header on logical channel 0, Lc with the MAC, and the plain data; the ICV is the encrypted last MAC.
    fn mac(&self, [cla, ins, p1, p2]: [u8; 4], data: &[u8]) -> [u8; MAC_BYTES] {
        let initial = match self.last {
            None => [0; DES_BLOCK],
            Some(mut last) => {
                self.c_mac.encrypt_single(&mut last);
                last
            }
        };
        let lc = u8::try_from(data.len().saturating_add(MAC_BYTES)).unwrap_or(u8::MAX);
        self.c_mac.retail_mac(initial, &[&[(cla & 0xF0) | PROTECTED, ins, p1, p2, lc], data])
    }
}

fn with_mac(
    header: [u8; 4],
    data: &[u8],
    mac: [u8; MAC_BYTES],
    le: Option<u16>,
) -> Result<CommandBytes, ChannelError> {
    let mut bytes = [0; COMMAND_DATA_MAX];
    let length = data.len().saturating_add(MAC_BYTES);
    let place = bytes.get_mut(..length).ok_or(ChannelError::TooLong)?;
    place.iter_mut().zip(data.iter().chain(&mac)).for_each(|(place, byte)| *place = *byte);
    Ok(Command::new(header, place, le).map_err(|_| ChannelError::TooLong)?.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_mac_does_not_stand_for_a_wrong_cryptogram() {
        let key = DesKey::new(&[1; 16]).unwrap();
        let keys = StaticKeys { enc: key.clone(), mac: key.clone(), dek: key };
        let card = Session::new(&keys, [2; 8], [0, 1], [3; 6]);
        for change in [0x00, 0x01] {
            let (mut host, mut card) = (card.clone(), card.clone());
            let mut cryptogram = host.host_cryptogram();
            cryptogram[7] ^= change;
            let header = [0x84, EXTERNAL_AUTHENTICATE, 0x01, 0x00];
            let mac = host.next_mac(header, &cryptogram);
            let sent = with_mac(header, &cryptogram, mac, None).unwrap();
            let opened = card.check_external_authenticate(&sent.command().unwrap(), SecurityLevel::C_MAC);
            let expected = if change == 0 { Ok(()) } else { Err(ChannelError::HostCryptogram) };
            assert_eq!(opened, expected);
        }
    }

    #[test]
    fn a_card_takes_encrypted_nothing_for_nothing_as_some_hosts_send_it() {
        let key = DesKey::new(&[1; 16]).unwrap();
        let keys = StaticKeys { enc: key.clone(), mac: key.clone(), dek: key };
        let mut host = Session::new(&keys, [2; 8], [0, 1], [3; 6]);
        host.level = SecurityLevel::C_MAC_C_ENC;
        let mut card = host.clone();
        let header = [0x84, 0xF2, 0x20, 0x02];
        let mac = host.next_mac(header, &[]);
        let mut padding = [0x80, 0, 0, 0, 0, 0, 0, 0];
        host.s_enc.cbc_encrypt([0; DES_BLOCK], &mut padding);
        let sent = with_mac(header, &padding, mac, None).unwrap();
        let opened = card.unwrap(&sent.command().unwrap()).unwrap();
        assert_eq!(opened.as_slice(), [0x80, 0xF2, 0x20, 0x02]);
    }
}
