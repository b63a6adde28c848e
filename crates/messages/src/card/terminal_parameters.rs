//! What terminals may do on their own.

use super::{
    bytes::{Reader, Writer},
    fields::{KeyVersion, Seconds, Units},
    signed_list::{Entry, SignedList},
};

/// How many grades a card can have: 0, which is none, to 7.
pub const GRADES: usize = 8;

/// A list of exactly one.
pub type ParametersList = SignedList<TerminalParameters>;

/// What a terminal may do on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalParameters {
    /// ISO 4217 number of the currency that the terminal sells in.
    pub currency: u16,
    /// Cards with keys of a lower version are not taken.
    pub key_version_min: KeyVersion,
    /// A sale above this needs a connection to the issuer.
    pub floor_limit: Units,
    /// No sale is above this.
    pub sale_limit: Units,
    /// With a status list older than this the terminal sells nothing offline.
    pub status_list_age_max: Seconds,
    /// The most that a sale may leave owed, by the card's grade.
    pub due_max: [Units; GRADES],
}

impl TerminalParameters {
    /// The most that a sale may leave owed by a card of this grade; nothing for a grade that does not exist.
    #[must_use]
    pub fn due_max(&self, grade: u8) -> Units {
        self.due_max.get(usize::from(grade)).copied().unwrap_or_default()
    }
}

impl ParametersList {
    /// The parameters.
    #[must_use]
    pub fn parameters(&self) -> Option<&TerminalParameters> {
        self.entries().first()
    }
}

impl Entry for TerminalParameters {
    const MAGIC: [u8; 4] = *b"SYTP";
    const BYTES: usize = 52;
    const KEY_BYTES: usize = 52;
    const MIN: u32 = 1;
    const MAX: u32 = 1;

    fn write(&self, bytes: &mut Vec<u8>) {
        let fields: [u8; 20] = Writer::new()
            .put(&self.currency.to_be_bytes())
            .put(&[self.key_version_min.0, 0])
            .put(&self.floor_limit.to_bytes())
            .put(&self.sale_limit.to_bytes())
            .put(&self.status_list_age_max.to_bytes())
            .done();
        bytes.extend_from_slice(&fields);
        self.due_max.iter().for_each(|due| bytes.extend_from_slice(&due.to_bytes()));
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let currency = u16::from_be_bytes(reader.take()?);
        let key_version_min = KeyVersion(reader.byte()?);
        reader.zeros::<1>()?;
        let (floor_limit, sale_limit) = (Units(reader.u32()?), Units(reader.u32()?));
        let status_list_age_max = Seconds(reader.u64()?);
        let mut due_max = [Units::default(); GRADES];
        for due in &mut due_max {
            *due = Units(reader.u32()?);
        }
        Some(Self { currency, key_version_min, floor_limit, sale_limit, status_list_age_max, due_max })
    }
}
