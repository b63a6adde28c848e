//! The exception log, which is evidence and never overwritten, and the log of transfers, which is.

use super::pay_details::{PayDetails, Side};
use crate::bytes::{Reader, Writer};

/// How many exceptions fit.
pub const EXCEPTIONS_MAX: usize = 5;
/// How many transfers are remembered.
pub const TRANSFERS_MAX: usize = 10;

/// A transfer, and on which side of it the purse was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// Whether the purse paid or was to be paid.
    pub side: Side,
    /// The transfer.
    pub details: PayDetails,
}

impl Entry {
    /// Its size.
    pub const BYTES: usize = 1 + PayDetails::BYTES;

    /// side 1 (00 payer, 01 payee) ‖ pay details 48.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        self.write(&mut Writer::new(&mut bytes));
        bytes
    }

    /// Reads [`Entry::to_bytes`].
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        Self::read(&mut Reader::new(bytes))
    }

    fn write(&self, body: &mut Writer<'_>) {
        body.byte(self.side.byte());
        self.details.write(body);
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self { side: Side::from_byte(body.byte()?)?, details: PayDetails::read(body)? })
    }
}

/// Entries in the order in which they came, at most `N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Log<const N: usize>([Option<Entry>; N]);

impl<const N: usize> Log<N> {
    pub(super) const BYTES: usize = N * (1 + Entry::BYTES);
    pub(super) const EMPTY: Self = Self([None; N]);

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().flatten()
    }

    pub(super) fn length(&self) -> u8 {
        u8::try_from(self.entries().count()).unwrap_or(u8::MAX)
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }

    /// Appends an entry; `None`, and nothing changes, where the log is full.
    pub(super) fn append(&mut self, entry: Entry) -> Option<()> {
        *self.0.iter_mut().find(|place| place.is_none())? = Some(entry);
        Some(())
    }

    /// Appends an entry; the oldest goes where the log is full.
    pub(super) fn append_over_oldest(&mut self, entry: Entry) {
        if self.is_full() {
            self.0.rotate_left(1);
            if let Some(last) = self.0.last_mut() {
                *last = None;
            }
        }
        // There is room now.
        let _: Option<()> = self.append(entry);
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        for place in &self.0 {
            body.byte(u8::from(place.is_some()));
            body.put(&place.as_ref().map_or([0; Entry::BYTES], Entry::to_bytes));
        }
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let mut log = Self::EMPTY;
        for place in &mut log.0 {
            let is_used = body.flag()?;
            let bytes = body.take::<{ Entry::BYTES }>()?;
            if is_used {
                *place = Some(Entry::from_bytes(&bytes)?);
            }
        }
        Some(log)
    }
}
