//! Clearing: what terminals uploaded is paid.
//!
//! A batch is read whole before anything of it counts: signature, number of records, sums, hash. Its records are cleared card by
//! card, in the order of the batch for each card, some thousands at a time; what they decide is written in one step with the
//! transfers that follow from it. A batch that was cut short is uploaded again: records that were cleared say nothing new.

use std::collections::{BTreeMap, BTreeSet};

use issuer::clearing::{Finding, Seller, clear};
use issuer::key_store::KeyError;
use ledger::Timestamp;
use messages::card::{
    Asn, MalformedRecord, PurseRecord, RECORD_BYTES, Sequence, TerminalId,
    batch::{BatchHeader, BatchReader, HEADER_BYTES, SignedHeader},
    receipt::{BatchReceipt, RecordVerdict, RefusalReason},
};
use pki::PublicKey;
use records::card_dues::{self, CardDue};
use records::card_lists::CardList;
use records::card_places::{self, CardPlace};
use records::card_postings::{self, CardPostings};
use records::card_purses::{self as cards, CardPurse};
use records::card_uploads::{self, CardFinding, CardUpload, FoundAt, RefusedRecord, UploadReceipt};
use records::terminals::Terminal;
use records::{RecordsError, Sql};
use wallet::chart;
use wallet::ids::PostingsId;

use super::card_store::StoredCard;
use super::change::{self, Change};
use super::keys::{self, IssuerKeys};
use super::{CardPurseRefusal, card_time, dues, made, terminals};
use crate::{OperationError, Operations};

/// How many records are cleared together.
const CHUNK: usize = 4_096;
/// How often a chunk is decided anew because somebody else wrote one of its cards meanwhile.
const TRIES: usize = 100;
/// What one record's clearing looks at: so many sequences before and after its own.
const NEIGHBOURS: u16 = 3;

type Read = Result<PurseRecord, MalformedRecord>;
type KnownDues = BTreeMap<dues::Place, CardDue>;

/// Clears a batch and answers its receipt; the same batch again gets the same receipt.
///
/// # Errors
/// [`CardPurseRefusal::NotABatch`], [`CardPurseRefusal::BadSignature`], [`CardPurseRefusal::OtherBatch`],
/// [`CardPurseRefusal::TerminalBlocked`], [`OperationError::NotFound`], or what could not be reached: then upload it again.
pub async fn upload(
    operations: &Operations,
    terminal: TerminalId,
    bytes: &[u8],
) -> Result<Vec<u8>, OperationError> {
    let terminal = terminals::active(operations, terminal).await?;
    let (header, records) = read(&terminal, bytes)?;
    let upload = new_upload(&header, operations.now());
    let known = operations.records().write(move |sql| card_uploads::begin(sql, &upload)).await?;
    if known.link != header.link().0 {
        return Err(CardPurseRefusal::OtherBatch.into());
    }
    if let Some(receipt) = known.receipt {
        return Ok(receipt.content);
    }
    let keys = keys::open(operations).await?;
    let clearing =
        Clearing { operations, keys: &keys, terminal: &terminal, header: &header, records: &records };
    let verdicts = clearing.all().await?;
    clearing.collect().await;
    note_lists(operations, header.header());
    finish(operations, &header, &verdicts).await
}

/// The batch, where it is the one that the terminal signed.
fn read(terminal: &Terminal, bytes: &[u8]) -> Result<(SignedHeader, Vec<Read>), CardPurseRefusal> {
    const NONE: CardPurseRefusal = CardPurseRefusal::NotABatch;
    let (header, content) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(NONE)?;
    let header = SignedHeader::parse(header).map_err(|_| NONE)?;
    if header.header().terminal != terminal.id {
        return Err(NONE);
    }
    let key = PublicKey::from_bytes(&terminal.public_key).ok_or(CardPurseRefusal::BadSignature)?;
    header.verify(&key).map_err(|_| CardPurseRefusal::BadSignature)?;
    let mut records = Vec::with_capacity(content.len() / RECORD_BYTES);
    let mut reader = BatchReader::new(&header);
    reader.feed(content, |record| records.push(record));
    reader.finish().map_err(|_| NONE)?;
    Ok((header, records))
}

fn new_upload(signed: &SignedHeader, now: Timestamp) -> CardUpload {
    let header = signed.header();
    CardUpload {
        terminal: header.terminal,
        number: header.number,
        link: signed.link().0,
        records: header.records,
        done: header.sums.done,
        unknown: header.sums.unknown,
        cancelled: header.sums.cancelled,
        clock: card_time::moment(header.clock),
        uploaded_at: now,
        receipt: None,
    }
}

/// Which lists the terminal says that it has.
fn note_lists(operations: &Operations, header: &BatchHeader) {
    let lists = header.lists;
    terminals::was_given(operations, header.terminal, CardList::Status, lists.status);
    terminals::was_given(operations, header.terminal, CardList::White, lists.white);
    terminals::was_given(operations, header.terminal, CardList::Parameters, lists.parameters);
}

/// Signs the receipt, unless somebody else has meanwhile: the first one stands.
async fn finish(
    operations: &Operations,
    header: &SignedHeader,
    verdicts: &[RecordVerdict],
) -> Result<Vec<u8>, OperationError> {
    const GONE: OperationError = OperationError::Inconsistent("a batch has gone while it was cleared");
    let signed = BatchReceipt::signed(header, verdicts, keys::signing_key(operations).await?);
    let counts = signed.counts();
    let receipt = UploadReceipt {
        accepted: counts.accepted,
        already_known: counts.already_known,
        refused: counts.refused,
        content: signed.to_bytes(),
    };
    let name = (header.header().terminal, header.header().number);
    let kept = operations.records().write(move |sql| card_uploads::finish(sql, name, &receipt)).await?;
    Ok(kept.and_then(|upload| upload.receipt).ok_or(GONE)?.content)
}

/// The clearing of one batch.
struct Clearing<'a> {
    operations: &'a Operations,
    keys: &'a IssuerKeys,
    terminal: &'a Terminal,
    header: &'a SignedHeader,
    records: &'a [Read],
}

/// What one chunk decided.
#[derive(Default)]
struct Decided {
    change: Change,
    verdicts: Vec<(usize, RecordVerdict)>,
}

impl Clearing<'_> {
    /// The verdict of every record.
    async fn all(&self) -> Result<Vec<RecordVerdict>, OperationError> {
        let refused = RecordVerdict::Refused(RefusalReason::Malformed);
        let mut verdicts = vec![refused; self.records.len()];
        for chunk in self.in_card_order().chunks(CHUNK) {
            for (place, verdict) in self.chunk(chunk).await? {
                if let Some(known) = verdicts.get_mut(place) {
                    *known = verdict;
                }
            }
        }
        Ok(verdicts)
    }

    /// The places of the records in the batch, card by card.
    fn in_card_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.records.len()).collect();
        order.sort_by_key(|place| self.records.get(*place).map(card_of));
        order
    }

    /// Collects what the batch says is owed, at once: with a network, the wallet pays while the buyer is there. Where it cannot
    /// be now, it is later.
    async fn collect(&self) {
        let places: Vec<_> = self.records.iter().flatten().filter_map(dues::place).collect();
        if !places.is_empty() {
            let _later = dues::collect_of(self.operations, places).await;
        }
    }

    async fn chunk(&self, places: &[usize]) -> Result<Vec<(usize, RecordVerdict)>, OperationError> {
        for _ in 0..TRIES {
            let (mut cards, known) = self.open(places).await?;
            let decided = self.decide(places, (&mut cards, &known))?;
            if change::commit(self.operations, decided.change).await? {
                return Ok(decided.verdicts);
            }
        }
        Err(OperationError::KeyInProgress)
    }

    /// The cards of these records, with the places that their clearing looks at, and the parts that are known to be owed.
    async fn open(&self, places: &[usize]) -> Result<(BTreeMap<Asn, StoredCard>, KnownDues), OperationError> {
        let records: Vec<&PurseRecord> = places.iter().filter_map(|place| self.record(*place)).collect();
        let asns: BTreeSet<Asn> = records.iter().map(|record| record.asn).collect();
        let asns: Vec<Asn> = asns.into_iter().collect();
        let ranges = ranges(&records);
        let numbers: Vec<u32> = records.iter().map(|record| record.transaction.0).collect();
        let dues: Vec<dues::Place> = records.iter().filter_map(|record| dues::place(record)).collect();
        let terminal = self.terminal.id;
        let read = move |sql: &mut dyn Sql| {
            let cards = read_cards(sql, (&asns, &ranges), (terminal, &numbers))?;
            Ok((cards, card_dues::at_all(sql, &dues)?))
        };
        let ((rows, mut known, postings), dues) = self.operations.records().read(read).await?;
        made::all(self.operations, postings).await?;
        let mut cards = BTreeMap::new();
        for row in rows {
            let places = known.remove(&row.asn).unwrap_or_default();
            let asn = row.asn;
            if let Some(stored) = StoredCard::of_rows(row, places) {
                cards.insert(asn, stored);
            }
        }
        Ok((cards, dues.into_iter().map(|due| ((due.asn, due.sequence), due)).collect()))
    }

    fn record(&self, place: usize) -> Option<&PurseRecord> {
        self.records.get(place)?.as_ref().ok()
    }

    /// Clears the records one after the other.
    fn decide(
        &self,
        places: &[usize],
        (cards, known): (&mut BTreeMap<Asn, StoredCard>, &KnownDues),
    ) -> Result<Decided, OperationError> {
        let now = self.operations.now();
        let mut decided = Decided::default();
        let mut touched = BTreeSet::new();
        for place in places {
            let verdict = match self.record(*place) {
                None => RecordVerdict::Refused(RefusalReason::Malformed),
                Some(record) => match cards.get_mut(&record.asn) {
                    Some(stored) if stored.row.issuer == record.issuer => {
                        touched.insert(record.asn);
                        self.clear((stored, known), record, now, &mut decided.change)?
                    }
                    _ => RecordVerdict::Refused(RefusalReason::UnknownCard),
                },
            };
            if let RecordVerdict::Refused(_) = verdict {
                decided.change.refused.push(self.refused(*place, verdict, now));
            }
            decided.verdicts.push((*place, verdict));
        }
        cards
            .values()
            .filter(|card| touched.contains(&card.row.asn))
            .for_each(|card| decided.change.add(card));
        decided.change = decided.change.seen(now);
        Ok(decided)
    }

    fn clear(
        &self,
        (stored, dues): (&mut StoredCard, &KnownDues),
        record: &PurseRecord,
        now: Timestamp,
        change: &mut Change,
    ) -> Result<RecordVerdict, OperationError> {
        const KEYS: fn(KeyError) -> OperationError = |_| OperationError::Unavailable(crate::Port::Keys);
        let account = chart::merchant_id(self.terminal.merchant, stored.row.currency);
        let seller = Seller { terminal: self.terminal.id, account };
        let seconds = card_time::seconds(now);
        let cleared = clear(&mut stored.card, self.keys.store(), &seller, record, seconds).map_err(KEYS)?;
        change.transfers.extend(cleared.transfers);
        let known = dues::place(record).and_then(|place| {
            let decided = change.dues.iter().rfind(|due| (due.asn, due.sequence) == place);
            decided.or_else(|| dues.get(&place))
        });
        let place = (self.terminal, &seller);
        let due = dues::of_record((stored, known), self.keys.store(), place, record, now).map_err(KEYS)?;
        if let Some((due, advance)) = due {
            change.dues.push(due);
            change.transfers.extend(advance);
        }
        let found = |finding: &Finding| found_at(record.asn, *finding, now);
        change.found.extend(cleared.findings.iter().map(found));
        Ok(cleared.verdict)
    }

    fn refused(&self, place: usize, verdict: RecordVerdict, now: Timestamp) -> RefusedRecord {
        let record = self.record(place);
        let header = self.header.header();
        RefusedRecord {
            terminal: header.terminal,
            number: header.number,
            place: u32::try_from(place).unwrap_or(u32::MAX),
            asn: record.map_or_else(Asn::default, |record| record.asn),
            record: record.map_or_else(Vec::new, |record| record.to_bytes().to_vec()),
            reason: verdict.byte(),
            refused_at: now,
        }
    }
}

fn card_of(read: &Read) -> Option<Asn> {
    read.as_ref().ok().map(|record| record.asn)
}

fn found_at(asn: Asn, finding: Finding, found_at: Timestamp) -> FoundAt {
    let (sequence, finding) = match finding {
        Finding::Clone(sequence) => (sequence, CardFinding::Clone),
        Finding::TooManyHeld(sequence) => (sequence, CardFinding::TooManyHeld),
        Finding::NumberUsedTwice(sequence) => (sequence, CardFinding::NumberUsedTwice),
        Finding::Inferred(sequence) => (sequence, CardFinding::Inferred),
        Finding::Ambiguous(sequence) => (sequence, CardFinding::Ambiguous),
        Finding::Overruled(sequence) => (sequence, CardFinding::Overruled),
        Finding::CancelInferred(sequence) => (sequence, CardFinding::CancelInferred),
    };
    FoundAt { asn, sequence: Sequence(sequence.0), finding, found_at }
}

/// The sequences that the clearing of these records looks at, card by card, none twice. Records are in card order.
fn ranges(records: &[&PurseRecord]) -> Vec<(Asn, Sequence, Sequence)> {
    let mut all: Vec<(Asn, u16, u16)> = records
        .iter()
        .map(|record| {
            let sequence = record.sequence.0;
            (record.asn, sequence.saturating_sub(NEIGHBOURS), sequence.saturating_add(NEIGHBOURS))
        })
        .collect();
    all.sort_unstable();
    let mut merged: Vec<(Asn, u16, u16)> = Vec::new();
    for (asn, from, until) in all {
        match merged.last_mut() {
            Some((last, _, end)) if *last == asn && from <= end.saturating_add(1) => *end = until.max(*end),
            _ => merged.push((asn, from, until)),
        }
    }
    merged.into_iter().map(|(asn, from, until)| (asn, Sequence(from), Sequence(until))).collect()
}

type Rows = (Vec<CardPurse>, BTreeMap<Asn, Vec<CardPlace>>, Vec<CardPostings>);

fn read_cards(
    sql: &mut dyn Sql,
    (asns, ranges): (&[Asn], &[(Asn, Sequence, Sequence)]),
    (terminal, numbers): (TerminalId, &[u32]),
) -> Result<Rows, RecordsError> {
    let mut rows = cards::get_all(sql, asns)?;
    rows.sort_by_key(|row| row.asn);
    rows.dedup_by_key(|row| row.asn);
    let mut places = BTreeMap::new();
    let of_sequences = card_places::within(sql, ranges)?;
    let of_numbers = card_places::with_numbers(sql, terminal, numbers)?;
    for place in of_sequences.into_iter().chain(of_numbers) {
        places.insert((place.asn, place.sequence), place);
    }
    let mut by_card: BTreeMap<Asn, Vec<CardPlace>> = BTreeMap::new();
    for ((asn, _), place) in places {
        by_card.entry(asn).or_default().push(place);
    }
    let postings: BTreeSet<PostingsId> = rows.iter().filter_map(|row| row.postings).collect();
    let postings = card_postings::get_all(sql, &postings.into_iter().collect::<Vec<_>>())?;
    Ok((rows, by_card, postings))
}
