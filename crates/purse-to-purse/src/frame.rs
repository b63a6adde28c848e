//! What two devices say to each other: kind 1 ‖ content (`docs/spec/purse-to-purse.md`, Two devices).

use std::fmt;

use globalplatform::status::StatusWord;
use pki::SubjectId;
use purse::{
    amount::Amount,
    bytes::Reader,
    vtp::{Currency, Message, MessageKind, Series, Side, Status, TransferSequence},
};

use crate::{held_purse::Certificates, party::Terms};

const VERSION: u8 = 1;
const HELLO: u8 = 1;
const STARTED: u8 = 2;
const SAID: u8 = 3;
const REFUSED: u8 = 4;

/// A message of a purse, and which of the three it is. Only the other purse can tell whether it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which.
    pub kind: MessageKind,
    /// The message.
    pub message: Message,
}

impl Said {
    const KINDS: [MessageKind; 3] = [MessageKind::Req, MessageKind::Val, MessageKind::Ack];

    fn to_bytes(self) -> Vec<u8> {
        [&[self.kind.byte()][..], &self.message.to_bytes()].concat()
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        let kind = body.byte()?;
        let kind = Self::KINDS.into_iter().find(|known| known.byte() == kind)?;
        Some(Self { kind, message: Message::from_bytes(&body.take()?)? })
    }

    /// 00, or kind 1 ‖ message 112, and nothing after it.
    pub(crate) fn read_optional(bytes: &[u8]) -> Option<Option<Self>> {
        if bytes == [0] {
            return Some(None);
        }
        let mut body = Reader::new(bytes);
        let said = Self::read(&mut body)?;
        body.rest().is_empty().then_some(Some(said))
    }
}

/// The first frame of each device: who its purse is and what it is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Whether it pays or receives.
    pub side: Side,
    /// Its purse.
    pub purse: SubjectId,
    /// The sequence of its next transfer.
    pub next_sequence: TransferSequence,
    /// Where its purse is in a transfer.
    pub status: Status,
    /// What is to be paid.
    pub terms: Terms,
    /// Its purse's certificates.
    pub certificates: Certificates,
    /// What its purse has to say about the transfer that it started last.
    pub said: Option<Said>,
}

impl Hello {
    fn to_bytes(self) -> Vec<u8> {
        let side = u8::from(self.side == Side::To);
        let said = self.said.map_or_else(|| vec![0], Said::to_bytes);
        let parts: [&[u8]; 10] = [
            &[HELLO, VERSION, side],
            &self.purse.0,
            &self.next_sequence.0.to_be_bytes(),
            &[self.status.byte()],
            &self.terms.amount.to_bytes(),
            &self.terms.currency.0,
            &self.terms.series.0,
            &self.certificates.issuer,
            &self.certificates.purse,
            &said,
        ];
        parts.concat()
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        let is_known = body.byte()? == VERSION;
        let side = if body.flag()? { Side::To } else { Side::From };
        let hello = Self {
            side,
            purse: SubjectId(body.take()?),
            next_sequence: TransferSequence(u32::from_be_bytes(body.take()?)),
            status: {
                let byte = body.byte()?;
                Status::ALL.into_iter().find(|status| status.byte() == byte)?
            },
            terms: Terms {
                amount: Amount::from_bytes(body.take()?),
                currency: Currency(body.take()?),
                series: Series(body.take()?),
            },
            certificates: Certificates { issuer: body.take()?, purse: body.take()? },
            said: Said::read_optional(body.rest())?,
        };
        is_known.then_some(hello)
    }
}

/// Why a device goes no further; said so that the other one need not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It means another payment.
    Terms,
    /// Its purse said no, with this status word.
    Purse(StatusWord),
    /// Its purse has something under way with another one.
    UnderWay,
    /// Its card went away.
    Gone,
}

impl Refusal {
    fn to_bytes(self) -> [u8; 4] {
        let (reason, status) = match self {
            Self::Terms => (1, [0; 2]),
            Self::Purse(status) => (2, status.to_bytes()),
            Self::UnderWay => (3, [0; 2]),
            Self::Gone => (4, [0; 2]),
        };
        [REFUSED, reason, status[0], status[1]]
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        let (reason, status) = (body.byte()?, StatusWord::from_bytes(body.take()?));
        match (reason, status.to_bytes()) {
            (1, [0, 0]) => Some(Self::Terms),
            (2, _) => Some(Self::Purse(status)),
            (3, [0, 0]) => Some(Self::UnderWay),
            (4, [0, 0]) => Some(Self::Gone),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terms => f.write_str("the other device means another payment: agree on it first"),
            Self::Purse(status) => write!(f, "the other purse refuses with {status}; its device says why"),
            Self::UnderWay => f.write_str("the other purse has value under way with another one"),
            Self::Gone => f.write_str("the other card went away"),
        }
    }
}

/// What one device says to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there are at most four frames of each device")]
pub enum Frame {
    /// Who is here and what for.
    Hello(Hello),
    /// The payer has started: the payee may.
    Started,
    /// A message for the other purse.
    Said(Said),
    /// It goes no further.
    Refused(Refusal),
}

impl Frame {
    /// Kind 1 ‖ content.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Hello(hello) => hello.to_bytes(),
            Self::Started => vec![STARTED],
            Self::Said(said) => [&[SAID][..], &said.to_bytes()].concat(),
            Self::Refused(refusal) => refusal.to_bytes().to_vec(),
        }
    }

    /// Reads [`Frame::to_bytes`], and nothing else. Nothing of it is believed before a purse has checked it.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut body = Reader::new(bytes);
        let frame = match body.byte()? {
            // Its last part takes what is left.
            HELLO => return Hello::read(&mut body).map(Self::Hello),
            STARTED => Self::Started,
            SAID => Self::Said(Said::read(&mut body)?),
            REFUSED => Self::Refused(Refusal::read(&mut body)?),
            _ => return None,
        };
        body.rest().is_empty().then_some(frame)
    }
}
