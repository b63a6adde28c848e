use core::fmt;

use crate::status::StatusWord;

/// Which rule of a secure channel was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelError {
    /// The command that should open the channel is another one, or has another form.
    NotAnOpening,
    /// The answer to INITIALIZE UPDATE is none of SCP02 (28 bytes) or SCP03 (29 or 32 bytes).
    BadInitializeUpdate,
    /// The card speaks SCP02 and the keys are AES, or the other way round.
    OtherProtocol,
    /// The card does not know the keys.
    CardCryptogram,
    /// The host does not know the keys.
    HostCryptogram,
    /// The card does not offer this level.
    LevelNotOffered,
    /// A protected message was expected and an unprotected one came, or the other way round.
    NotProtected,
    /// The MAC of a message is wrong.
    MacWrong,
    /// The MAC is right and what was decrypted has no padding.
    BadPadding,
    /// The protected message does not fit a short APDU.
    TooLong,
    /// A counter of the channel or of the keys has no next value.
    Exhausted,
    /// The channel has ended with an error before.
    Ended,
}

impl ChannelError {
    /// What a card answers.
    #[must_use]
    pub const fn status(self) -> StatusWord {
        match self {
            Self::HostCryptogram => StatusWord::AUTHENTICATION_FAILED,
            Self::LevelNotOffered => StatusWord::WRONG_P1_P2,
            Self::TooLong => StatusWord::WRONG_LENGTH,
            Self::NotAnOpening | Self::Exhausted => StatusWord::CONDITIONS_NOT_MET,
            Self::BadInitializeUpdate
            | Self::OtherProtocol
            | Self::CardCryptogram
            | Self::NotProtected
            | Self::MacWrong
            | Self::BadPadding
            | Self::Ended => StatusWord::SECURITY_STATUS,
        }
    }
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnOpening => "command does not open a secure channel",
            Self::BadInitializeUpdate => "answer to INITIALIZE UPDATE has no known form",
            Self::OtherProtocol => "card and keys are of different protocols",
            Self::CardCryptogram => "card does not know the keys",
            Self::HostCryptogram => "host does not know the keys",
            Self::LevelNotOffered => "card does not offer this security level",
            Self::NotProtected => "message is not protected as the level asks",
            Self::MacWrong => "MAC is wrong",
            Self::BadPadding => "decrypted message has no padding",
            Self::TooLong => "protected message does not fit a short APDU",
            Self::Exhausted => "counter is exhausted",
            Self::Ended => "secure channel has ended",
        })
    }
}

impl core::error::Error for ChannelError {}
