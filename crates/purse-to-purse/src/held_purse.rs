//! A purse in a reader: its commands, and what their answers mean (`docs/spec/purse-to-purse.md`, Commands).

use std::fmt;

use card_reader::{
    exchange::{ExchangeError, exchange, parse},
    reader::Reader,
};
use globalplatform::{apdu::Response, status::StatusWord};
use pki::{CERTIFICATE_BYTES, CertificateChain, Day, Signature, SubjectId};
use purse::{
    amount::Amount,
    vtp::{
        AID, AuthorityKind, AuthoritySequence, Currency, EXCEPTIONS_MAX, Entry, Message, POCKETS, PayDetails,
        Series, Side, Status, TRANSFERS_MAX, TransferSequence,
    },
};

use crate::{
    frame::Said,
    trouble::{Moment, Trouble},
};

/// Who a purse is and where it stands. Nothing of it is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name.
    pub purse: SubjectId,
    /// The sequence of its next transfer.
    pub next_sequence: TransferSequence,
    /// The number of the issuer's next message.
    pub issuer_number: AuthoritySequence,
    /// Where it is in a transfer.
    pub status: Status,
    /// How many entries its exception log has.
    pub exceptions: u8,
    /// Whether it pays nobody before its PIN was given.
    pub is_locked: bool,
    /// Tries of the PIN.
    pub tries: u8,
}

/// What one pocket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its currency.
    pub currency: Currency,
    /// Its series.
    pub series: Series,
    /// What it holds.
    pub balance: Amount,
}

/// The certificates that a purse shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// Its issuer's.
    pub issuer: [u8; CERTIFICATE_BYTES],
    /// Its own.
    pub purse: [u8; CERTIFICATE_BYTES],
}

impl From<&CertificateChain> for Certificates {
    fn from(chain: &CertificateChain) -> Self {
        Self { issuer: chain.issuer.to_bytes(), purse: chain.subject.to_bytes() }
    }
}

/// A purse in a reader, selected. It is released when this is dropped.
pub struct HeldPurse<'r> {
    reader: &'r mut dyn Reader,
}

impl fmt::Debug for HeldPurse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeldPurse")
    }
}

impl Drop for HeldPurse<'_> {
    fn drop(&mut self) {
        self.reader.power_off();
    }
}

impl<'r> HeldPurse<'r> {
    /// Gives the card power and selects its purse.
    ///
    /// # Errors
    /// [`Trouble::Card`], as of every command.
    pub fn select(reader: &'r mut dyn Reader) -> Result<Self, Trouble> {
        reader.power_on().map_err(|error| Trouble::Card(Moment::Select, error.into()))?;
        let mut purse = Self { reader };
        purse.say(Moment::Select, [0x00, 0xA4, 0x04, 0x00], &[&AID])?;
        Ok(purse)
    }

    /// Who it is and where it stands (90 10).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn identify(&mut self) -> Result<Identity, Trouble> {
        let answer = self.ask([0x90, 0x10, 0x00, 0x00])?;
        let identity = parse(answer.data(), |body| {
            Some(Identity {
                purse: SubjectId(body.take()?),
                next_sequence: TransferSequence(u32::from_be_bytes(body.take()?)),
                issuer_number: AuthoritySequence(u32::from_be_bytes(body.take()?)),
                status: status(body.byte()?)?,
                exceptions: body.byte()?,
                is_locked: body.flag()?,
                tries: body.byte()?,
            })
        });
        identity.map_err(|error| Trouble::Card(Moment::Question, error))
    }

    /// What its pockets hold, those that are in use (90 12). What is under way is in none of them.
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn pockets(&mut self) -> Result<Vec<Found>, Trouble> {
        let mut found = Vec::with_capacity(POCKETS);
        for place in 0..POCKETS as u8 {
            let answer = self.ask([0x90, 0x12, 0x00, place])?;
            let pocket = parse(answer.data(), |body| {
                let pocket = Found {
                    currency: Currency(body.take()?),
                    series: Series(body.take()?),
                    balance: Amount::from_bytes(body.take()?),
                };
                status(body.byte()?)?;
                Some(pocket)
            });
            found.push(pocket.map_err(|error| Trouble::Card(Moment::Question, error))?);
        }
        found.retain(|pocket| pocket.currency != Currency([0; 2]));
        Ok(found)
    }

    /// Its certificates (90 14).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn certificates(&mut self) -> Result<Certificates, Trouble> {
        let mut certificate = |which| {
            let answer = self.ask([0x90, 0x14, which, 0x00])?;
            let bytes = answer.data().try_into();
            bytes.map_err(|_| Trouble::Card(Moment::Question, ExchangeError::Malformed))
        };
        Ok(Certificates { issuer: certificate(0)?, purse: certificate(1)? })
    }

    /// The log of exceptions, the oldest first (90 30), without signatures.
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn exceptions(&mut self) -> Result<Vec<Entry>, Trouble> {
        self.entries(0x30, EXCEPTIONS_MAX)
    }

    /// The log of exceptions as the issuer believes it: each entry with the purse's signature over it (90 30).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn signed_exceptions(&mut self) -> Result<Vec<([u8; Entry::BYTES], Signature)>, Trouble> {
        let mut entries = Vec::new();
        for place in 0..EXCEPTIONS_MAX as u8 {
            let answer = match self.ask([0x90, 0x30, place, 0x00]) {
                Err(Trouble::Card(_, ExchangeError::Refused(StatusWord::RECORD_NOT_FOUND))) => break,
                answer => answer?,
            };
            let entry = parse(answer.data(), |body| Some((body.take()?, body.take()?)));
            entries.push(entry.map_err(|error| Trouble::Card(Moment::Question, error))?);
        }
        Ok(entries)
    }

    /// The last transfers that came to their end, the newest first (90 32).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn transfers(&mut self) -> Result<Vec<Entry>, Trouble> {
        self.entries(0x32, TRANSFERS_MAX)
    }

    fn entries(&mut self, instruction: u8, most: usize) -> Result<Vec<Entry>, Trouble> {
        let mut entries = Vec::new();
        for place in 0..most as u8 {
            let answer = match self.ask([0x90, instruction, place, 0x00]) {
                Err(Trouble::Card(_, ExchangeError::Refused(StatusWord::RECORD_NOT_FOUND))) => break,
                answer => answer?,
            };
            let entry = answer.data().first_chunk().and_then(Entry::from_bytes);
            entries.push(entry.ok_or(Trouble::Card(Moment::Question, ExchangeError::Malformed))?);
        }
        Ok(entries)
    }

    /// What it has to say about the transfer that it started last (90 2C). Nothing changes.
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn said(&mut self) -> Result<Option<Said>, Trouble> {
        let answer = self.ask([0x90, 0x2C, 0x00, 0x00])?;
        let said = Said::read_optional(answer.data());
        said.ok_or(Trouble::Card(Moment::Question, ExchangeError::Malformed))
    }

    /// Shows it the counterpart's certificates, for the next start (90 20).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn meet(&mut self, counterpart: &Certificates, today: Day) -> Result<(), Trouble> {
        let issuer: [&[u8]; 2] = [&today.0.to_be_bytes(), &counterpart.issuer];
        self.tell(Moment::Counterpart, [0x90, 0x20, 0x00, 0x00], &issuer)?;
        self.tell(Moment::Counterpart, [0x90, 0x20, 0x01, 0x00], &[&counterpart.purse])
    }

    /// The payer starts (90 22).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn start_to_pay(&mut self, details: &PayDetails) -> Result<(), Trouble> {
        self.tell(Moment::Start, [0x90, 0x22, 0x00, 0x00], &[&details.to_bytes()])
    }

    /// The payee starts, and asks for the value (90 24).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn start_to_receive(&mut self, details: &PayDetails) -> Result<Message, Trouble> {
        let answer = self.say(Moment::Start, [0x90, 0x24, 0x00, 0x00], &[&details.to_bytes()])?;
        message(&answer)
    }

    /// The payer takes req: it debits, and answers val (90 26).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn take_req(&mut self, req: &Message) -> Result<Message, Trouble> {
        let answer = self.say(Moment::Message, [0x90, 0x26, 0x00, 0x00], &[&req.to_bytes()])?;
        message(&answer)
    }

    /// The payee takes val: it credits, and answers ack (90 28).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn take_val(&mut self, val: &Message) -> Result<Message, Trouble> {
        let answer = self.say(Moment::Message, [0x90, 0x28, 0x00, 0x00], &[&val.to_bytes()])?;
        message(&answer)
    }

    /// The payer takes ack: it is done (90 2A).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn take_ack(&mut self, ack: &Message) -> Result<(), Trouble> {
        self.tell(Moment::Message, [0x90, 0x2A, 0x00, 0x00], &[&ack.to_bytes()])
    }

    /// Gives up what is under way; where value may be lost, the purse keeps that as an exception (90 2E).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn give_up(&mut self) -> Result<(), Trouble> {
        self.tell(Moment::GiveUp, [0x90, 0x2E, 0x00, 0x00], &[])
    }

    /// Opens the lock with the PIN: two digits a byte (90 40).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn unlock(&mut self, pin: &[u8]) -> Result<(), Trouble> {
        self.tell(Moment::Pin, [0x90, 0x40, 0x00, 0x00], &[pin])
    }

    /// Locks the purse: it pays nobody (90 42).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn lock(&mut self) -> Result<(), Trouble> {
        self.tell(Moment::Pin, [0x90, 0x42, 0x00, 0x00], &[])
    }

    /// What it says about itself over a challenge, and its signature (90 16).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn report(&mut self, challenge: &[u8; 16]) -> Result<([u8; 90], Signature), Trouble> {
        let answer = self.say(Moment::Question, [0x90, 0x16, 0x00, 0x00], &[challenge])?;
        let report = parse(answer.data(), |body| Some((body.take()?, body.take()?)));
        report.map_err(|error| Trouble::Card(Moment::Question, error))
    }

    /// Takes a message of its issuer: number ‖ content ‖ signature (90 34).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn take_from_issuer(&mut self, kind: AuthorityKind, message: &[u8]) -> Result<(), Trouble> {
        self.tell(Moment::Issuer, [0x90, 0x34, kind.byte(), 0x00], &[message])
    }

    /// Takes new certificates for its own key (90 36).
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn renew(&mut self, certificates: &Certificates) -> Result<(), Trouble> {
        self.tell(Moment::Issuer, [0x90, 0x36, 0x00, 0x00], &[&certificates.issuer])?;
        self.tell(Moment::Issuer, [0x90, 0x36, 0x01, 0x00], &[&certificates.purse])
    }

    /// Whether a transfer came to its end on this side, as far back as the log goes.
    ///
    /// # Errors
    /// [`Trouble::Card`].
    pub fn has_ended(&mut self, side: Side, details: &PayDetails) -> Result<bool, Trouble> {
        Ok(self.transfers()?.contains(&Entry { side, details: *details }))
    }

    fn ask(&mut self, header: [u8; 4]) -> Result<Response, Trouble> {
        self.say(Moment::Question, header, &[])
    }

    fn say(&mut self, moment: Moment, header: [u8; 4], data: &[&[u8]]) -> Result<Response, Trouble> {
        exchange(self.reader, header, data, Some(256)).map_err(|error| Trouble::Card(moment, error))
    }

    fn tell(&mut self, moment: Moment, header: [u8; 4], data: &[&[u8]]) -> Result<(), Trouble> {
        let told = exchange(self.reader, header, data, None);
        told.map(drop).map_err(|error| Trouble::Card(moment, error))
    }
}

fn status(byte: u8) -> Option<Status> {
    Status::ALL.into_iter().find(|status| status.byte() == byte)
}

fn message(answer: &Response) -> Result<Message, Trouble> {
    let message = answer.data().try_into().ok().and_then(Message::from_bytes);
    message.ok_or(Trouble::Card(Moment::Message, ExchangeError::Malformed))
}
