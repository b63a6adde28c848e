//! What a purse keeps without power.

use core::fmt;

use pki::{CertificateChain, Day, PublicKey, SubjectId};

use super::{
    authority::AuthoritySequence,
    credentials::Credentials,
    lock::Lock,
    logs::{EXCEPTIONS_MAX, Entry, Log, TRANSFERS_MAX},
    pay_details::{Currency, PayDetails, Series, Side, TransferSequence},
    pocket::{POCKETS, Pocket},
    switched_off::SwitchedOff,
};
use crate::{
    amount::Amount,
    bytes::{Reader, Writer},
    journal::Stored,
};

/// Where a purse is in a transfer (the names are those of PRG-126).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing is under way; the last transfer, if it can be answered again, was paid.
    EaFrom,
    /// Nothing is under way; the last transfer, if it can be answered again, was received.
    EaTo,
    /// The payer waits for req.
    Epr,
    /// The payee waits for val.
    Epv,
    /// The payer has debited and waits for ack.
    Epa,
}

impl Status {
    /// Every status; the place is the byte in answers.
    pub const ALL: [Self; 5] = [Self::EaFrom, Self::EaTo, Self::Epr, Self::Epv, Self::Epa];

    /// The byte in answers.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::EaFrom => 0,
            Self::EaTo => 1,
            Self::Epr => 2,
            Self::Epv => 3,
            Self::Epa => 4,
        }
    }

    /// Whether no transfer is under way.
    #[must_use]
    pub const fn is_idle(self) -> bool {
        matches!(self, Self::EaFrom | Self::EaTo)
    }
}

/// The transfer that was started last (pdAuth), until it is aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    pub(super) side: Side,
    pub(super) details: PayDetails,
    /// The counterpart's key: 32 bytes that a certificate chain led to.
    pub(super) counterpart: [u8; 32],
    /// Which of its own credentials the purse signs with.
    pub(super) credentials: u8,
}

impl Transfer {
    const BYTES: usize = 1 + 1 + PayDetails::BYTES + 32 + 1;

    fn write(transfer: Option<&Self>, body: &mut Writer<'_>) {
        let Some(transfer) = transfer else {
            return body.put(&[0; Self::BYTES]);
        };
        body.put(&[1, transfer.side.byte()]);
        transfer.details.write(body);
        body.put(&transfer.counterpart);
        body.byte(transfer.credentials);
    }

    #[expect(clippy::option_option, reason = "outside: whether it can be read; inside: whether there is one")]
    fn read(body: &mut Reader<'_>) -> Option<Option<Self>> {
        let is_there = body.flag()?;
        let transfer = Self {
            side: Side::from_byte(body.byte()?)?,
            details: PayDetails::read(body)?,
            counterpart: body.take()?,
            credentials: body.byte()?,
        };
        Some(is_there.then_some(transfer))
    }
}

/// What a purse keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contents {
    pub(super) purse: SubjectId,
    pub(super) scheme: SubjectId,
    pub(super) scheme_key: [u8; 32],
    pub(super) issuer_key: [u8; 32],
    pub(super) credentials: [Credentials; 2],
    pub(super) pockets: [Pocket; POCKETS],
    pub(super) next_sequence: TransferSequence,
    pub(super) authority_sequence: AuthoritySequence,
    pub(super) status: Status,
    pub(super) transfer: Option<Transfer>,
    pub(super) exceptions: Log<EXCEPTIONS_MAX>,
    pub(super) transfers: Log<TRANSFERS_MAX>,
    pub(super) lock: Lock,
    /// The day of the last synchronisation: no earlier day is believed.
    pub(super) day: Day,
    pub(super) switched_off: SwitchedOff,
}

/// What a purse is born with. Its pockets are empty: value comes by a load that the issuer signs.
#[derive(Clone, Copy, Debug)]
pub struct Personalisation<'a> {
    /// The scheme and its key.
    pub scheme: (SubjectId, PublicKey),
    /// Two generations of credentials: seed and chain.
    pub credentials: [(&'a [u8; 32], &'a CertificateChain); 2],
    /// Currency, series and limits of each pocket.
    pub pockets: [Pocket; POCKETS],
    /// The lock's PIN and its tries.
    pub pin: (&'a [u8], u8),
    /// The first sequence. A purse that is personalised again goes on where it was: its issuer knows.
    pub next_sequence: TransferSequence,
    /// The first number of what the issuer signs; it goes on, too.
    pub authority_sequence: AuthoritySequence,
    /// Today.
    pub day: Day,
}

/// What a purse is not born with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalisationError {
    /// The credentials do not fit each other, or speak of two purses.
    Credentials,
    /// The PIN has no two to eight bytes, or no tries.
    Pin,
    /// Two pockets have the same currency and series, or a pocket is not empty.
    Pockets,
}

impl fmt::Display for PersonalisationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "credentials do not fit",
            Self::Pin => "pin is too short, too long, or has no tries",
            Self::Pockets => "pockets are not distinct or not empty",
        })
    }
}

impl core::error::Error for PersonalisationError {}

impl Contents {
    /// The contents of a new purse.
    ///
    /// # Errors
    /// [`PersonalisationError`].
    pub fn personalised(with: &Personalisation<'_>) -> Result<Self, PersonalisationError> {
        let credentials = |(seed, chain): (&[u8; 32], &CertificateChain)| {
            Credentials::new(seed, chain).ok_or(PersonalisationError::Credentials)
        };
        let [first, second] = with.credentials;
        let issuer_key = first.1.issuer.body().key.to_bytes();
        let credentials = [credentials(first)?, credentials(second)?];
        let [purse, other] = [first, second].map(|(_, chain)| chain.subject.body().subject);
        if purse != other || second.1.issuer.body().key.to_bytes() != issuer_key {
            return Err(PersonalisationError::Credentials);
        }
        if !are_distinct_and_empty(&with.pockets) {
            return Err(PersonalisationError::Pockets);
        }
        Ok(Self {
            purse,
            scheme: with.scheme.0,
            scheme_key: with.scheme.1.to_bytes(),
            issuer_key,
            credentials,
            pockets: with.pockets,
            next_sequence: with.next_sequence,
            authority_sequence: with.authority_sequence,
            status: Status::EaFrom,
            transfer: None,
            exceptions: Log::EMPTY,
            transfers: Log::EMPTY,
            lock: Lock::new(with.pin.0, with.pin.1).ok_or(PersonalisationError::Pin)?,
            day: with.day,
            switched_off: SwitchedOff::NOTHING,
        })
    }

    /// Which purse this is.
    #[must_use]
    pub const fn purse(&self) -> SubjectId {
        self.purse
    }

    /// Where the purse is in a transfer.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The transfer that is under way, and on which side.
    #[must_use]
    pub fn under_way(&self) -> Option<Entry> {
        let transfer = self.transfer.as_ref().filter(|_| !self.status.is_idle())?;
        Some(Entry { side: transfer.side, details: transfer.details })
    }

    /// The pockets.
    #[must_use]
    pub const fn pockets(&self) -> &[Pocket; POCKETS] {
        &self.pockets
    }

    /// What the pocket of a currency and series holds.
    #[must_use]
    pub fn balance(&self, currency: Currency, series: Series) -> Option<Amount> {
        self.pockets.iter().find(|pocket| pocket.holds(currency, series)).map(|pocket| pocket.balance)
    }

    /// The sequence of the next transfer.
    #[must_use]
    pub const fn next_sequence(&self) -> TransferSequence {
        self.next_sequence
    }

    /// The number of the next message of the issuer.
    #[must_use]
    pub const fn authority_sequence(&self) -> AuthoritySequence {
        self.authority_sequence
    }

    /// The exception log.
    pub fn exceptions(&self) -> impl Iterator<Item = &Entry> {
        self.exceptions.entries()
    }

    /// The last transfers that came to their end, the oldest first.
    pub fn transfers(&self) -> impl Iterator<Item = &Entry> {
        self.transfers.entries()
    }

    pub(super) fn pocket_mut(&mut self, currency: Currency, series: Series) -> Option<&mut Pocket> {
        self.pockets.iter_mut().find(|pocket| pocket.holds(currency, series))
    }

    /// The first credentials whose generation is not switched off, and their place.
    pub(super) fn usable_credentials(&self) -> Option<(u8, &Credentials)> {
        let is_usable = |credentials: &Credentials| {
            let generation = (credentials.issuer, credentials.generation);
            !self.switched_off.generations().contains(&generation)
        };
        (0..).zip(&self.credentials).find(|(_, credentials)| is_usable(credentials))
    }
}

pub(super) fn are_distinct_and_empty(pockets: &[Pocket]) -> bool {
    pockets.iter().enumerate().all(|(index, pocket)| {
        let before = pockets.get(..index).unwrap_or_default();
        let is_new = !before.iter().any(|other| other.holds(pocket.currency, pocket.series));
        is_new && pocket.balance == Amount::ZERO
    })
}

impl Stored for Contents {
    const LAYOUT: u32 = 0x7674_7001;
    const BYTES: usize = (16 * 2
        + 32 * 2
        + 2 * Credentials::BYTES
        + POCKETS * Pocket::BYTES
        + 4
        + 4
        + 1
        + Transfer::BYTES
        + Log::<EXCEPTIONS_MAX>::BYTES
        + Log::<TRANSFERS_MAX>::BYTES
        + Lock::BYTES
        + 4
        + SwitchedOff::BYTES)
        .next_multiple_of(4);

    fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.purse.0);
        body.put(&self.scheme.0);
        body.put(&self.scheme_key);
        body.put(&self.issuer_key);
        self.credentials.iter().for_each(|credentials| credentials.write(body));
        self.pockets.iter().for_each(|pocket| pocket.write(body));
        body.put(&self.next_sequence.0.to_be_bytes());
        body.put(&self.authority_sequence.0.to_be_bytes());
        body.byte(self.status.byte());
        Transfer::write(self.transfer.as_ref(), body);
        self.exceptions.write(body);
        self.transfers.write(body);
        self.lock.write(body);
        body.put(&self.day.0.to_be_bytes());
        self.switched_off.write(body);
        while body.length().is_some_and(|length| length < Self::BYTES) {
            body.byte(0);
        }
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        let [purse, scheme] = [SubjectId(body.take()?), SubjectId(body.take()?)];
        let [scheme_key, issuer_key] = [body.take()?, body.take()?];
        let credentials = [Credentials::read(body)?, Credentials::read(body)?];
        let mut pockets = [Pocket::UNUSED; POCKETS];
        for pocket in &mut pockets {
            *pocket = Pocket::read(body)?;
        }
        Some(Self {
            purse,
            scheme,
            scheme_key,
            issuer_key,
            credentials,
            pockets,
            next_sequence: TransferSequence(u32::from_be_bytes(body.take()?)),
            authority_sequence: AuthoritySequence(u32::from_be_bytes(body.take()?)),
            status: body
                .byte()
                .and_then(|byte| Status::ALL.into_iter().find(|known| known.byte() == byte))?,
            transfer: Transfer::read(body)?,
            exceptions: Log::read(body)?,
            transfers: Log::read(body)?,
            lock: Lock::read(body)?,
            day: Day(u32::from_be_bytes(body.take()?)),
            switched_off: SwitchedOff::read(body)?,
        })
    }
}
