//! The issuer's host in this process: signs lists, checks TACs with the card's keys, and knows each debit by card and sequence.

use std::collections::BTreeMap;

use messages::card::{
    self, AlgorithmId, CardStatus, Completion, KeyVersion, ListVersion, ParametersList, PurseRecord, Seconds,
    StatusEntry, StatusList, TerminalParameters, Units, WhiteList,
    batch::{BatchHeader, BatchReader, HEADER_BYTES, SignedHeader},
    receipt::{BatchReceipt, RecordVerdict, RefusalReason},
    signed_list::ListHours,
};
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind, OrderId, Sequence, TerminalId, TerminalTransaction, Terms},
    own,
    pboc::{
        key::{Algorithm, Dsk, Dtk},
        session::SessionKey,
        transaction,
    },
};
use terminal::{
    entry::List,
    upload::{Host, Unreachable},
};

use super::{UTC, issuer_key, own_key, settings};

pub(crate) fn hours() -> ListHours {
    ListHours { issued: Seconds(UTC), expires: Seconds(UTC + 30 * 86_400) }
}

pub(crate) const PARAMETERS: TerminalParameters = TerminalParameters {
    currency: 156,
    key_version_min: KeyVersion(1),
    floor_limit: Units(5_000),
    sale_limit: Units(20_000),
    status_list_age_max: Seconds(7 * 86_400),
    due_max: [Units(0), Units(100), Units(500), Units(1_500), Units(0), Units(0), Units(0), Units(0)],
};

pub(crate) fn parameters(version: u32) -> Vec<u8> {
    parameters_of(version, PARAMETERS)
}

pub(crate) fn parameters_of(version: u32, parameters: TerminalParameters) -> Vec<u8> {
    let signer = (settings().issuer, &issuer_key());
    ParametersList::signed(ListVersion(version), hours(), vec![parameters], signer).unwrap().to_bytes()
}

pub(crate) fn status_list(version: u32, cards: &[Asn]) -> Vec<u8> {
    let entry = |asn: &Asn| StatusEntry { asn: card::Asn(asn.0), status: CardStatus::Lost };
    let signer = (settings().issuer, &issuer_key());
    let entries = cards.iter().map(entry).collect();
    StatusList::signed(ListVersion(version), hours(), entries, signer).unwrap().to_bytes()
}

pub(crate) fn white_list(version: u32, splits: &[(Asn, OrderId, Sequence)]) -> Vec<u8> {
    let entry = |(asn, order, sequence): &(Asn, OrderId, Sequence)| {
        let key: Dsk = own_key(asn);
        let mac = own::completion_mac(&key, asn, order, *sequence);
        let (asn, order) = (card::Asn(asn.0), card::OrderId(order.0));
        Completion { asn, order, sequence: card::Sequence(sequence.0), mac }
    };
    let signer = (settings().issuer, &issuer_key());
    let entries = splits.iter().map(entry).collect();
    WhiteList::signed(ListVersion(version), hours(), entries, signer).unwrap().to_bytes()
}

/// What goes wrong on the way to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Works,
    Down,
    /// The batch arrives and its receipt does not.
    LosesReceipts,
    /// The receipt is that of another issuer.
    Forged,
}

#[derive(Debug)]
pub(crate) struct Office {
    pub(crate) line: Line,
    /// Every debit, by card and sequence, as it was told last.
    pub(crate) records: BTreeMap<(card::Asn, card::Sequence), PurseRecord>,
    pub(crate) headers: Vec<BatchHeader>,
    pub(crate) lists: BTreeMap<List, (u32, Vec<u8>)>,
    /// A card that the office has never heard of.
    pub(crate) stranger: Option<Asn>,
}

impl Office {
    pub(crate) fn new() -> Self {
        Self {
            line: Line::Works,
            records: BTreeMap::new(),
            headers: Vec::new(),
            lists: BTreeMap::new(),
            stranger: None,
        }
    }

    /// What was debited for certain.
    pub(crate) fn paid(&self) -> i64 {
        let done = |record: &&PurseRecord| matches!(record.outcome, card::Outcome::Done(_));
        self.records.values().filter(done).map(|record| i64::from(record.amount.0)).sum()
    }

    fn judge(&mut self, record: PurseRecord) -> RecordVerdict {
        if self.stranger == Some(Asn(record.asn.0)) {
            return RecordVerdict::Refused(RefusalReason::UnknownCard);
        }
        assert_eq!(record.algorithm, AlgorithmId(0));
        let (debit, cancel) = match record.outcome {
            card::Outcome::Done(tac) => (Some(tac), None),
            card::Outcome::Cancelled { debit, cancel, given_back } => {
                (Some(debit), Some((cancel, given_back)))
            }
            card::Outcome::CancelUnknown { debit, .. } => (Some(debit), None),
            card::Outcome::Unknown => (None, None),
        };
        let kind = Kind::from_byte(record.kind.byte()).unwrap();
        let is_right = debit.is_none_or(|tac| tac == tac_of(&record, kind, record.transaction, record.when))
            && cancel.is_none_or(|(cancel, tac)| {
                tac == tac_of(&record, Kind::Cancel, cancel.transaction, cancel.when)
            });
        if !is_right {
            return RecordVerdict::Refused(RefusalReason::WrongTac);
        }
        let name = (record.asn, record.sequence);
        let known = self.records.get(&name).copied();
        // Two terminals may have asked for the same sequence: the one that is done is the one that happened.
        let is_less = record.outcome == card::Outcome::Unknown
            && known.is_some_and(|known| known.outcome != card::Outcome::Unknown);
        if known == Some(record) || is_less {
            return RecordVerdict::AlreadyKnown;
        }
        let is_other = known.is_some_and(|known| {
            known.outcome != card::Outcome::Unknown && known.transaction != record.transaction
        });
        assert!(!is_other, "two debits of one sequence");
        self.records.insert(name, record);
        RecordVerdict::Accepted
    }
}

fn tac_of(
    record: &PurseRecord,
    kind: Kind,
    number: card::TerminalTransaction,
    when: card::DateTime,
) -> card::Tac {
    let key: Dtk = own_key(&Asn(record.asn.0));
    let codes = SessionKey::of_transaction_codes(&key, Algorithm::TripleDes);
    let terms = Terms { amount: Amount::new(record.amount.0), kind, terminal: TerminalId(record.terminal.0) };
    let number = TerminalTransaction(number.0);
    card::Tac(transaction::purchase_tac(&codes, &terms, number, &DateTime(when.0)).0.0)
}

impl Host for Office {
    fn upload(&mut self, batch: &[u8]) -> Result<Vec<u8>, Unreachable> {
        if self.line == Line::Down {
            return Err(Unreachable("line is down".to_owned()));
        }
        let (header, records) = batch.split_first_chunk::<HEADER_BYTES>().unwrap();
        let header = SignedHeader::parse(header).unwrap();
        header.verify(&settings().key.public()).unwrap();
        let (mut reader, mut verdicts) = (BatchReader::new(&header), Vec::new());
        reader.feed(records, |record| verdicts.push(self.judge(record.unwrap())));
        reader.finish().unwrap();
        self.headers.push(*header.header());
        match self.line {
            Line::LosesReceipts => Err(Unreachable("no answer".to_owned())),
            Line::Forged => {
                let forger = pki::KeyPair::from_seed(&[0x66; 32]);
                Ok(BatchReceipt::signed(&header, &verdicts, &forger).to_bytes())
            }
            _ => Ok(BatchReceipt::signed(&header, &verdicts, &issuer_key()).to_bytes()),
        }
    }

    fn download(&mut self, list: List, newer_than: u32) -> Result<Option<Vec<u8>>, Unreachable> {
        if self.line == Line::Down {
            return Err(Unreachable("line is down".to_owned()));
        }
        Ok(self.lists.get(&list).filter(|(version, _)| *version > newer_than).map(|(_, bytes)| bytes.clone()))
    }
}
