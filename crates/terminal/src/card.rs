//! The purse commands that a terminal sends to a card (docs/spec/purse.md), and what their answers mean.

use globalplatform::{
    status::StatusWord,
    tlv::{self, Tag},
};
use purse::{
    amount::Amount,
    bytes,
    ep::{Grade, Split},
    fields::{
        Asn, Date, DateTime, Kind, Mac, OrderId, Random, Sequence, Tac, TerminalId, TerminalTransaction,
    },
};

pub use card_reader::exchange::ExchangeError;
pub(crate) use card_reader::exchange::{exchange, parse};
use card_reader::reader::Reader;

/// The public information of a card, SFI 15. Nothing of it is proved before a MAC2 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicInformation {
    /// Who issued it: the second factor of its keys.
    pub issuer: [u8; 8],
    /// Which card.
    pub asn: Asn,
    /// First day.
    pub start: Date,
    /// Last day.
    pub expiry: Date,
}

impl PublicInformation {
    fn read(content: &[u8]) -> Option<Self> {
        let mut reader = bytes::Reader::new(content.get(..30)?);
        let (issuer, [_type, _version]) = (reader.take()?, reader.take()?);
        Some(Self {
            issuer,
            asn: Asn(reader.take()?),
            start: Date(reader.take()?),
            expiry: Date(reader.take()?),
        })
    }
}

/// What a card answers to the initialisation of a debit or cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// What it holds.
    pub balance: Amount,
    /// The sequence that the transaction will bear.
    pub sequence: Sequence,
    /// Version of the key that will sign.
    pub key_version: u8,
    /// Its algorithm.
    pub algorithm: u8,
    /// What makes the session unlike others.
    pub random: Random,
}

/// What a card proves a transaction by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes {
    /// For the security module.
    pub mac2: Mac,
    /// For the issuer.
    pub tac: Tac,
}

/// What a security module signs a debit with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorisation {
    /// Its transaction number.
    pub transaction: TerminalTransaction,
    /// Its MAC over the terms.
    pub mac1: Mac,
}

/// What a card says about its split and its grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitAndGrade {
    /// The split that is open or was closed last.
    pub split: Split,
    /// What the issuer trusts the holder with.
    pub grade: Grade,
    /// The card's code over the split, for the issuer.
    pub tac: Tac,
}

/// Which initialisation, P1 of 80 50.
const fn initialise_p1(kind: Kind) -> Option<u8> {
    match kind {
        Kind::Purchase => Some(0x01),
        Kind::CompoundPurchase => Some(0x03),
        Kind::Cancel => Some(0x0A),
        _ => None,
    }
}

/// A card in a reader.
pub(crate) struct Card<'r>(pub(crate) &'r mut dyn Reader);

impl Card<'_> {
    /// Powers the card and selects its purse. The public information comes with the answer, or is read.
    pub(crate) fn select(&mut self, aid: &[u8]) -> Result<PublicInformation, ExchangeError> {
        const FCI: Tag = Tag::known(0x6F);
        const PROPRIETARY: Tag = Tag::known(0xA5);
        const PUBLIC: Tag = Tag::known(0x9F0C);
        self.0.power_on()?;
        let fci = exchange(self.0, [0x00, 0xA4, 0x04, 0x00], &[aid], Some(256))?;
        let inside = |bytes: &[u8], tag| tlv::find(bytes, tag).ok().flatten().map(<[u8]>::to_vec);
        let public = inside(fci.data(), FCI)
            .and_then(|fci| inside(&fci, PROPRIETARY))
            .and_then(|own| inside(&own, PUBLIC))
            .and_then(|content| PublicInformation::read(&content));
        if let Some(public) = public {
            return Ok(public);
        }
        let content = exchange(self.0, [0x00, 0xB0, 0x95, 0x00], &[], Some(30))?;
        PublicInformation::read(content.data()).ok_or(ExchangeError::Malformed)
    }

    /// Initialises a purchase, compound purchase or cancel under the first key.
    pub(crate) fn initialise(
        &mut self,
        kind: Kind,
        amount: Amount,
        terminal: TerminalId,
    ) -> Result<Begun, ExchangeError> {
        let p1 = initialise_p1(kind).ok_or(ExchangeError::Malformed)?;
        let parts: [&[u8]; 3] = [&[1], &amount.to_bytes(), &terminal.0];
        let answer = exchange(self.0, [0x80, 0x50, p1, 0x02], &parts, Some(15))?;
        let read = |reader: &mut bytes::Reader<'_>| {
            let balance = Amount::from_bytes(reader.take()?);
            let sequence = Sequence::from_bytes(reader.take()?);
            let [_, _, _] = reader.take()?;
            let [key_version, algorithm] = reader.take()?;
            let random = Random(reader.take()?);
            Some(Begun { balance, sequence, key_version, algorithm, random })
        };
        parse(answer.data(), read)
    }

    /// Caches a record for the compound purchase that was initialised.
    pub(crate) fn cache(&mut self, p1: u8, p2: u8, record: &[u8]) -> Result<(), ExchangeError> {
        exchange(self.0, [0x80, 0xDC, p1, p2], &[record], None).map(|_| ())
    }

    /// Debits, or gives back, what was initialised.
    pub(crate) fn process(
        &mut self,
        kind: Kind,
        by: &Authorisation,
        when: &DateTime,
    ) -> Result<Codes, ExchangeError> {
        let p1 = if kind == Kind::Cancel { 0x0A } else { 0x01 };
        let parts: [&[u8]; 3] = [&by.transaction.to_bytes(), &when.0, &by.mac1.0];
        let answer = exchange(self.0, [0x80, 0x54, p1, 0x00], &parts, Some(8))?;
        let read = |reader: &mut bytes::Reader<'_>| {
            let tac = Tac(Mac(reader.take()?));
            Some(Codes { mac2: Mac(reader.take()?), tac })
        };
        parse(answer.data(), read)
    }

    /// Asks what the card proved a transaction by. `None`: it has no proof of it (9406).
    pub(crate) fn prove(&mut self, kind: Kind, sequence: Sequence) -> Result<Option<Codes>, ExchangeError> {
        let Some(after) = sequence.next() else { return Ok(None) };
        let header = [0x80, 0x5A, 0x00, kind.byte()];
        let answer = match exchange(self.0, header, &[&after.to_bytes()], Some(8)) {
            Err(ExchangeError::Refused(StatusWord::PROOF_NOT_AVAILABLE)) => return Ok(None),
            other => other?,
        };
        let read = |reader: &mut bytes::Reader<'_>| {
            let mac2 = Mac(reader.take()?);
            Some(Codes { mac2, tac: Tac(Mac(reader.take()?)) })
        };
        parse(answer.data(), read).map(Some)
    }

    /// A record of a file, by its number.
    pub(crate) fn record(&mut self, sfi: u8, number: u8) -> Result<Vec<u8>, ExchangeError> {
        let answer = exchange(self.0, [0x00, 0xB2, number, sfi << 3 | 0x04], &[], Some(256))?;
        Ok(answer.data().to_vec())
    }

    /// Split and grade.
    pub(crate) fn split_and_grade(&mut self) -> Result<SplitAndGrade, ExchangeError> {
        let answer = exchange(self.0, [0x80, 0xCA, 0x00, 0x01], &[], Some(46))?;
        let read = |reader: &mut bytes::Reader<'_>| {
            let split = Split {
                is_open: reader.flag()?,
                payer: reader.take()?,
                due: Amount::from_bytes(reader.take()?),
                order: OrderId(reader.take()?),
                sequence: Sequence::from_bytes(reader.take()?),
            };
            let grade = Grade {
                grade: reader.byte()?,
                due_max: Amount::from_bytes(reader.take()?),
                expiry: Date(reader.take()?),
                version: u16::from_be_bytes(reader.take()?),
            };
            Some(SplitAndGrade { split, grade, tac: Tac(Mac(reader.take()?)) })
        };
        parse(answer.data(), read)
    }

    /// Delivers a token that closes the open split.
    pub(crate) fn complete_split(&mut self, token: &[u8]) -> Result<(), ExchangeError> {
        exchange(self.0, [0x80, 0xDE, 0x00, 0x00], &[token], None).map(|_| ())
    }
}
