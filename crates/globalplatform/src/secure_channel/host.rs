use super::{
    Challenge, ChannelError, Cryptogram, INITIALIZE_UPDATE, SecurityLevel, StaticKeys,
    scp02::{self, CardChallenge},
    scp03::{self, Options},
};
use crate::{
    apdu::{Command, CommandBytes, Response},
    block_cipher::{AES_BLOCK, DES_BLOCK},
};
use subtle::ConstantTimeEq;

/// A host that has sent INITIALIZE UPDATE.
#[derive(Clone, Debug)]
pub struct HostOpening {
    challenge: Challenge,
}

impl HostOpening {
    /// INITIALIZE UPDATE for the keys of a version, 00 for the card's first ones. The challenge is eight random bytes.
    #[must_use]
    pub fn begin(key_version: u8, challenge: Challenge) -> (Self, CommandBytes) {
        let header = [0x80, INITIALIZE_UPDATE, key_version, 0x00];
        let command = Command::new(header, &challenge, Some(256)).expect("eight bytes fit a short command");
        (Self { challenge }, command.to_bytes())
    }

    /// Checks the card's answer (its data, without status word), and gives the channel with the EXTERNAL AUTHENTICATE
    /// that opens it. The length of the answer tells SCP02 from SCP03.
    ///
    /// # Errors
    /// [`ChannelError::BadInitializeUpdate`], [`ChannelError::OtherProtocol`], [`ChannelError::CardCryptogram`],
    /// [`ChannelError::LevelNotOffered`].
    pub fn authenticate(
        self,
        keys: &StaticKeys,
        answer: &[u8],
        level: SecurityLevel,
    ) -> Result<(HostChannel, CommandBytes), ChannelError> {
        let host = self.challenge;
        let (mut channel, cryptogram, is_offered) = match (Answer::parse(answer)?, keys) {
            (Answer::Scp02 { counter, card, cryptogram }, StaticKeys::Scp02(keys)) => {
                let session = scp02::Session::new(keys, host, counter, card);
                (HostChannel::Scp02(session), cryptogram, scp02::offers(level))
            }
            (Answer::Scp03 { options, card, cryptogram }, StaticKeys::Scp03(keys)) => {
                let session = scp03::Session::new(keys, host, card);
                (HostChannel::Scp03(session), cryptogram, options.offers(level))
            }
            _ => return Err(ChannelError::OtherProtocol),
        };
        if !bool::from(channel.card_cryptogram().ct_eq(&cryptogram)) {
            return Err(ChannelError::CardCryptogram);
        }
        if !is_offered {
            return Err(ChannelError::LevelNotOffered);
        }
        let command = match &mut channel {
            HostChannel::Scp02(session) => session.external_authenticate(level),
            HostChannel::Scp03(session) => session.external_authenticate(level),
        }?;
        Ok((channel, command))
    }
}

/// What a card answers to INITIALIZE UPDATE.
enum Answer {
    Scp02 { counter: [u8; 2], card: CardChallenge, cryptogram: Cryptogram },
    Scp03 { options: Options, card: Challenge, cryptogram: Cryptogram },
}

impl Answer {
    /// Diversification data (10), key version, protocol; then counter (2), challenge (6), cryptogram (8) in SCP02, or
    /// `i`, challenge (8), cryptogram (8) and perhaps counter (3) in SCP03.
    fn parse(answer: &[u8]) -> Result<Self, ChannelError> {
        match answer.split_at_checked(11) {
            Some((_, [2, rest @ ..])) if rest.len() == 16 => {
                let (counter, rest) = take(rest)?;
                let (card, rest) = take(rest)?;
                Ok(Self::Scp02 { counter, card, cryptogram: take(rest)?.0 })
            }
            Some((_, [3, i, rest @ ..])) if matches!(rest.len(), 16 | 19) => {
                let (card, rest) = take(rest)?;
                Ok(Self::Scp03 { options: Options(*i), card, cryptogram: take(rest)?.0 })
            }
            _ => Err(ChannelError::BadInitializeUpdate),
        }
    }
}

fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), ChannelError> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(ChannelError::BadInitializeUpdate)?;
    Ok((*taken, rest))
}

/// The host's side of an open channel.
#[derive(Clone, Debug)]
pub enum HostChannel {
    /// With an old card.
    Scp02(scp02::Session),
    /// With a card of today.
    Scp03(scp03::Session),
}

impl HostChannel {
    fn card_cryptogram(&self) -> Cryptogram {
        match self {
            Self::Scp02(session) => session.card_cryptogram(),
            Self::Scp03(session) => session.card_cryptogram(),
        }
    }

    /// The level that the channel was opened at.
    #[must_use]
    pub const fn level(&self) -> SecurityLevel {
        match self {
            Self::Scp02(session) => session.level(),
            Self::Scp03(session) => session.level(),
        }
    }

    /// Protects a command as the level asks.
    ///
    /// # Errors
    /// [`ChannelError::TooLong`], which the channel survives; [`ChannelError::Ended`].
    pub fn wrap(&mut self, command: &Command<'_>) -> Result<CommandBytes, ChannelError> {
        match self {
            Self::Scp02(session) if !session.has_ended() => session.wrap(command),
            Self::Scp03(session) if !session.has_ended() => session.wrap(command),
            _ => Err(ChannelError::Ended),
        }
    }

    /// Checks and opens the card's response. Where the level has a MAC on responses, an error response comes without
    /// data, whatever the card sent beside its status.
    ///
    /// # Errors
    /// [`ChannelError`]; the channel has ended then.
    pub fn unwrap(&mut self, response: &Response) -> Result<Response, ChannelError> {
        match self {
            Self::Scp02(session) if !session.has_ended() => Ok(response.clone()),
            Self::Scp03(session) if !session.has_ended() => {
                session.unwrap_response(response).inspect_err(|_| session.end())
            }
            _ => Err(ChannelError::Ended),
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

    /// Encrypts whole blocks of key data under the DEK: ECB in SCP02 (section E.4.7), CBC in SCP03 (section 6.2.8).
    pub fn encrypt_key_data(&self, bytes: &mut [u8]) {
        match self {
            Self::Scp02(session) => session.dek().ecb_encrypt(bytes),
            Self::Scp03(session) => session.dek().cbc_encrypt([0; AES_BLOCK], bytes),
        }
    }
}
