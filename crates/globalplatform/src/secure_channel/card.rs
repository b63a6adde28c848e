use super::{
    Challenge, ChannelError, EXTERNAL_AUTHENTICATE, SecurityLevel,
    scp02::{self, CardChallenge},
    scp03::{self, Options},
};
use crate::{
    apdu::{Command, CommandBytes, Response},
    block_cipher::{AES_BLOCK, DES_BLOCK},
    status::StatusWord,
};

/// Which keys a card answers INITIALIZE UPDATE with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyIdentity {
    /// What the issuer's system derives this card's keys from.
    pub diversification: [u8; 10],
    /// Key version number.
    pub key_version: u8,
}

/// A card that has answered INITIALIZE UPDATE.
#[derive(Clone, Debug)]
pub struct CardOpening {
    channel: CardChannel,
    options: Option<Options>,
}

impl CardOpening {
    /// Answers in SCP03. A pseudo-random challenge comes with the counter that it was made of.
    #[must_use]
    pub fn scp03(
        keys: &scp03::StaticKeys,
        identity: KeyIdentity,
        options: Options,
        (host, card): (Challenge, Challenge),
        counter: [u8; 3],
    ) -> (Self, Response) {
        let session = scp03::Session::new(keys, host, card);
        let counter: &[u8] = if options.has_pseudo_random_challenge() { &counter } else { &[] };
        let answer = answer(&[
            &identity.diversification,
            &[identity.key_version, 0x03, options.0],
            &card,
            &session.card_cryptogram(),
            counter,
        ]);
        (Self { channel: CardChannel::Scp03(session), options: Some(options) }, answer)
    }

    /// Answers in SCP02.
    #[must_use]
    pub fn scp02(
        keys: &scp02::StaticKeys,
        identity: KeyIdentity,
        host: Challenge,
        counter: [u8; 2],
        card: CardChallenge,
    ) -> (Self, Response) {
        let session = scp02::Session::new(keys, host, counter, card);
        let answer = answer(&[
            &identity.diversification,
            &[identity.key_version, 0x02],
            &counter,
            &card,
            &session.card_cryptogram(),
        ]);
        (Self { channel: CardChannel::Scp02(session), options: None }, answer)
    }

    /// Checks EXTERNAL AUTHENTICATE. Whether it succeeds or not, the challenge is used up.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn authenticate(self, command: &Command<'_>) -> Result<CardChannel, ChannelError> {
        if command.ins != EXTERNAL_AUTHENTICATE || command.p2 != 0x00 || command.data().len() != 16 {
            return Err(ChannelError::NotAnOpening);
        }
        let level = SecurityLevel::from_byte(command.p1).ok_or(ChannelError::LevelNotOffered)?;
        if !self.options.map_or_else(|| scp02::offers(level), |options| options.offers(level)) {
            return Err(ChannelError::LevelNotOffered);
        }
        let mut channel = self.channel;
        match &mut channel {
            CardChannel::Scp02(session) => session.check_external_authenticate(command, level),
            CardChannel::Scp03(session) => session.check_external_authenticate(command, level),
        }?;
        Ok(channel)
    }
}

/// At most 32 bytes, which always fit.
fn answer(parts: &[&[u8]]) -> Response {
    let mut response = Response::new(StatusWord::SUCCESS);
    for part in parts {
        response.push(part).expect("the answer to INITIALIZE UPDATE has at most 32 bytes");
    }
    response
}

/// The card's side of an open channel.
#[derive(Clone, Debug)]
pub enum CardChannel {
    /// With an old host.
    Scp02(scp02::Session),
    /// With a host of today.
    Scp03(scp03::Session),
}

impl CardChannel {
    /// The level that the channel was opened at.
    #[must_use]
    pub const fn level(&self) -> SecurityLevel {
        match self {
            Self::Scp02(session) => session.level(),
            Self::Scp03(session) => session.level(),
        }
    }

    /// Checks a protected command and gives it as the host meant it, without the protection.
    ///
    /// # Errors
    /// [`ChannelError`]; the channel has ended then.
    pub fn unwrap(&mut self, command: &Command<'_>) -> Result<CommandBytes, ChannelError> {
        match self {
            Self::Scp02(session) if !session.has_ended() => {
                session.unwrap(command).inspect_err(|_| session.end())
            }
            Self::Scp03(session) if !session.has_ended() => {
                session.unwrap(command).inspect_err(|_| session.end())
            }
            _ => Err(ChannelError::Ended),
        }
    }

    /// Protects the response to the command that was opened last.
    ///
    /// # Errors
    /// [`ChannelError::TooLong`] for more data than [`CardChannel::response_data_max`]; [`ChannelError::Ended`].
    pub fn wrap(&self, response: &Response) -> Result<Response, ChannelError> {
        match self {
            Self::Scp02(session) if !session.has_ended() => Ok(response.clone()),
            Self::Scp03(session) if !session.has_ended() => session.wrap_response(response),
            _ => Err(ChannelError::Ended),
        }
    }

    /// How much data a response can carry besides its protection: 256, 248 or 239 bytes.
    #[must_use]
    pub const fn response_data_max(&self) -> usize {
        match (self.level().has_r_mac(), self.level().has_r_enc()) {
            (false, _) => 256,
            (true, false) => 248,
            (true, true) => 239,
        }
    }

    /// The block length of the key that encrypts keys inside commands: 8 or 16.
    #[must_use]
    pub const fn dek_block(&self) -> usize {
        match self {
            Self::Scp02(_) => DES_BLOCK,
            Self::Scp03(_) => AES_BLOCK,
        }
    }

    /// Decrypts whole blocks of key data under the DEK.
    pub fn decrypt_key_data(&self, bytes: &mut [u8]) {
        match self {
            Self::Scp02(session) => session.dek().ecb_decrypt(bytes),
            Self::Scp03(session) => session.dek().cbc_decrypt([0; AES_BLOCK], bytes),
        }
    }
}
