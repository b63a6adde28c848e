//! What a card remembers of its transactions: the log for people, and the proof of the last ones for terminals.

use super::profile::Counting;
use crate::{
    amount::OverdraftLimit,
    bytes::{Reader, Writer},
    fields::{DateTime, Kind, Mac, Sequence, Tac, Terms},
};

/// How many transactions the log keeps.
pub const LOG_RECORDS: usize = 10;
/// Sequence ‖ overdraft limit ‖ amount ‖ kind ‖ terminal ‖ date ‖ time.
pub const LOG_RECORD_BYTES: usize = 23;

/// The log: a ring of records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log {
    records: [[u8; LOG_RECORD_BYTES]; LOG_RECORDS],
    /// Where the next record goes.
    next: u8,
    written: u8,
}

impl Log {
    pub(super) const BYTES: usize = LOG_RECORDS * LOG_RECORD_BYTES + 2;

    pub(super) const fn empty() -> Self {
        Self { records: [[0; LOG_RECORD_BYTES]; LOG_RECORDS], next: 0, written: 0 }
    }

    /// Writes a transaction over the oldest.
    pub(super) fn append(
        &mut self,
        sequence: Sequence,
        overdraft: OverdraftLimit,
        terms: &Terms,
        when: &DateTime,
    ) {
        let mut record = [0; LOG_RECORD_BYTES];
        let mut writer = Writer::new(&mut record);
        writer.put(&sequence.to_bytes());
        writer.put(&overdraft.to_bytes());
        writer.put(&terms.amount.to_bytes());
        writer.byte(terms.kind.byte());
        writer.put(&terms.terminal.0);
        writer.put(&when.0);
        if let Some(place) = self.records.get_mut(usize::from(self.next)) {
            *place = record;
        }
        self.next = self.next.wrapping_add(1) % LOG_RECORDS as u8;
        self.written = self.written.saturating_add(1).min(LOG_RECORDS as u8);
    }

    /// The record of a number, 1 for the newest.
    #[must_use]
    pub fn record(&self, number: u8) -> Option<&[u8; LOG_RECORD_BYTES]> {
        if number == 0 || number > self.written {
            return None;
        }
        let place = (usize::from(self.next) + LOG_RECORDS).checked_sub(usize::from(number))?;
        self.records.get(place % LOG_RECORDS)
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.put(&[self.next, self.written]);
        body.put(self.records.as_flattened());
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let [next, written] = body.take()?;
        let mut log = Self { next, written, ..Self::empty() };
        for record in &mut log.records {
            *record = body.take()?;
        }
        let is_in_range = usize::from(next) < LOG_RECORDS && usize::from(written) <= LOG_RECORDS;
        is_in_range.then_some(log)
    }
}

/// What a card answered when a transaction was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Proof {
    /// What it was.
    pub kind: Kind,
    /// The sequence that its keys and codes were made with.
    pub sequence: Sequence,
    /// MAC2 of a debit, MAC3 of an unload, zeros where the card gave none.
    pub mac: Mac,
    /// The TAC, zeros where the card gave none.
    pub tac: Tac,
}

/// The last proof of each counter: deposit and purse, offline and online. A newer transaction takes the place of an older
/// one of the same counter, so that a proof never outlives what the terminal may still conclude from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Proofs([Option<Proof>; 4]);

impl Proofs {
    pub(super) const BYTES: usize = 4 * 11;

    pub(super) fn keep(&mut self, proof: Proof) {
        if let Some(slot) = self.0.get_mut(slot(proof.kind)) {
            *slot = Some(proof);
        }
    }

    /// The proof of a kind for a sequence as GET TRANSACTION PROVE counts it.
    #[must_use]
    pub fn find(&self, kind: Kind, asked: Sequence, counting: Counting) -> Option<&Proof> {
        let proof = self.0.get(slot(kind))?.as_ref()?;
        let shown = match counting {
            Counting::Before => proof.sequence,
            Counting::After => proof.sequence.next()?,
        };
        (proof.kind == kind && shown == asked).then_some(proof)
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        for proof in &self.0 {
            match proof {
                None => body.put(&[0; 11]),
                Some(proof) => {
                    body.byte(proof.kind.byte());
                    body.put(&proof.sequence.to_bytes());
                    body.put(&proof.mac.0);
                    body.put(&proof.tac.0.0);
                }
            }
        }
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let mut proofs = Self::default();
        for place in &mut proofs.0 {
            let (kind, sequence, mac, tac) = (body.byte()?, body.take()?, body.take()?, body.take()?);
            *place = match kind {
                0 => None,
                kind => Some(Proof {
                    kind: Kind::from_byte(kind)?,
                    sequence: Sequence::from_bytes(sequence),
                    mac: Mac(mac),
                    tac: Tac(Mac(tac)),
                }),
            };
        }
        Some(proofs)
    }
}

/// Which counter a kind is counted by.
const fn slot(kind: Kind) -> usize {
    match kind {
        Kind::Cash | Kind::PurchaseDeposit | Kind::GreyLockDeposit | Kind::DebitForUnlockDeposit => 0,
        Kind::LoadDeposit | Kind::Unload | Kind::Overdraft | Kind::OnlineUnlockDeposit => 1,
        Kind::Purchase | Kind::CompoundPurchase | Kind::Cancel | Kind::GreyLock | Kind::DebitForUnlock => 2,
        Kind::LoadPurse | Kind::Conversion | Kind::Parameters | Kind::OnlineUnlock => 3,
    }
}
