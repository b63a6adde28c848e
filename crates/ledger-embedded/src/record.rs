//! The journal's record: one fact in 144 bytes, with its own checksum.
//!
//! Little-endian: id, debit account, credit account, amount, pending id, user_data_128 (16 bytes each), user_data_64 (8),
//! user_data_32, timeout, ledger (4 each), code, flags with the kind in the top four bits (2 each), timestamp (8), the
//! positions of the previous record of the debit and of the credit account (5 each), one byte, zero (1), CRC-32C over
//! all that and the record's own position (4). What posts, voids or expires a pending transfer has no timeout of its
//! own: there, the timeout field and the one byte hold the position of the pending transfer.

use ledger::{
    Account, AccountFlags, AccountId, Amount, Code, LedgerId, Timestamp, Transfer, TransferFlags, TransferId,
};

/// Bytes of a record.
pub const RECORD_BYTES: usize = 144;

/// A place in the journal: its byte offset divided by 16. Zero is no place: a frame header is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(u64);

/// The greatest position: 40 bits, so a journal ends at 16 TiB.
const POSITION_MAX: u64 = (1 << 40) - 1;
/// Records and frames begin at multiples of this.
const POSITION_UNIT: u64 = 16;

impl Position {
    /// No place.
    pub const NONE: Self = Self(0);

    /// The position of the byte at `offset` of the journal, or `None` where no record can be.
    #[must_use]
    pub const fn of_offset(offset: u64) -> Option<Self> {
        let position = offset / POSITION_UNIT;
        if !offset.is_multiple_of(POSITION_UNIT) || position > POSITION_MAX {
            return None;
        }
        Some(Self(position))
    }

    /// The byte offset in the journal.
    #[must_use]
    pub const fn offset(self) -> u64 {
        self.0 * POSITION_UNIT
    }

    /// Whether this is no place.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits & POSITION_MAX)
    }
}

/// The earlier records that a movement points back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Previous {
    /// The pending transfer that this record posts, voids or expires.
    pub pending: Position,
    /// The last record before this one of the debit account.
    pub debit: Position,
    /// The last record before this one of the credit account.
    pub credit: Position,
}

/// One fact of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// An account was created.
    Account(Account),
    /// A transfer was created; the amount is what really moved.
    Transfer(Transfer, Previous),
    /// A transfer with this id failed for a passing reason.
    Failed(TransferId, Timestamp),
    /// A pending transfer expired. The transfer holds what it released: its accounts, amount and closing flags, its id in
    /// `pending_id`, and the time of the expiry.
    Expired(Transfer, Previous),
}

/// Why 144 bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// The checksum does not match the bytes and the position.
    Checksum,
    /// No such kind.
    Kind,
}

impl std::fmt::Display for RecordError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Checksum => "record does not match its checksum",
            Self::Kind => "record is of an unknown kind",
        })
    }
}

impl std::error::Error for RecordError {}

const KIND_ACCOUNT: u16 = 1;
const KIND_TRANSFER: u16 = 2;
const KIND_FAILED: u16 = 3;
const KIND_EXPIRED: u16 = 4;
const KIND_SHIFT: u32 = 12;
const FLAGS_MASK: u16 = (1 << KIND_SHIFT) - 1;

fn checksum(bytes: &[u8], position: Position) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&position.0.to_le_bytes()), bytes)
}

impl Record {
    /// Appends the 144 bytes of this record at that position.
    pub fn encode(&self, position: Position, out: &mut Vec<u8>) {
        match self {
            Self::Account(account) => {
                encode(&account_as_transfer(account), KIND_ACCOUNT, Previous::default(), position, out);
            }
            Self::Transfer(transfer, previous) => encode(transfer, KIND_TRANSFER, *previous, position, out),
            Self::Failed(id, timestamp) => {
                let failed = Transfer { id: *id, timestamp: *timestamp, ..Transfer::default() };
                encode(&failed, KIND_FAILED, Previous::default(), position, out);
            }
            Self::Expired(released, previous) => encode(released, KIND_EXPIRED, *previous, position, out),
        }
    }

    /// Reads a record and checks it.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub fn decode(bytes: &[u8; RECORD_BYTES], position: Position) -> Result<Self, RecordError> {
        let mut reader = Reader(bytes);
        let id = TransferId(reader.u128());
        let debit_account_id = AccountId(reader.u128());
        let credit_account_id = AccountId(reader.u128());
        let amount = Amount(reader.u128());
        let pending_id = TransferId(reader.u128());
        let user_data_128 = reader.u128();
        let user_data_64 = reader.u64();
        let user_data_32 = reader.u32();
        let timeout_or_pending = reader.u32();
        let ledger = LedgerId(reader.u32());
        let code = Code(reader.u16());
        let kind_and_flags = reader.u16();
        let timestamp = Timestamp(reader.u64());
        let (debit, credit) = (reader.position(), reader.position());
        let pending_high = reader.u16();
        if reader.u32() != checksum(&bytes[..RECORD_BYTES - 4], position) {
            return Err(RecordError::Checksum);
        }
        let kind = kind_and_flags >> KIND_SHIFT;
        let flags = TransferFlags(kind_and_flags & FLAGS_MASK);
        let points_at_pending = points_at_pending(kind, flags);
        let timeout = if points_at_pending { 0 } else { timeout_or_pending };
        let pending = match points_at_pending {
            true => Position::from_bits(u64::from(pending_high) << 32 | u64::from(timeout_or_pending)),
            false => Position::NONE,
        };
        let previous = Previous { pending, debit, credit };
        let transfer = Transfer {
            id,
            debit_account_id,
            credit_account_id,
            amount,
            pending_id,
            user_data_128,
            user_data_64,
            user_data_32,
            timeout,
            ledger,
            code,
            flags,
            timestamp,
        };
        match kind {
            KIND_ACCOUNT => Ok(Self::Account(transfer_as_account(&transfer))),
            KIND_TRANSFER => Ok(Self::Transfer(transfer, previous)),
            KIND_FAILED => Ok(Self::Failed(id, timestamp)),
            KIND_EXPIRED => Ok(Self::Expired(transfer, previous)),
            _ => Err(RecordError::Kind),
        }
    }
}

/// Whether a record of this kind has the position of a pending transfer where others have a timeout.
fn points_at_pending(kind: u16, flags: TransferFlags) -> bool {
    kind == KIND_EXPIRED
        || flags.intersects(TransferFlags::POST_PENDING_TRANSFER | TransferFlags::VOID_PENDING_TRANSFER)
}

/// Accounts share the layout: their balances begin at zero and are not written.
fn account_as_transfer(account: &Account) -> Transfer {
    Transfer {
        id: TransferId(account.id.0),
        user_data_128: account.user_data_128,
        user_data_64: account.user_data_64,
        user_data_32: account.user_data_32,
        ledger: account.ledger,
        code: account.code,
        flags: TransferFlags(account.flags.0),
        timestamp: account.timestamp,
        ..Transfer::default()
    }
}

fn transfer_as_account(transfer: &Transfer) -> Account {
    Account {
        id: AccountId(transfer.id.0),
        user_data_128: transfer.user_data_128,
        user_data_64: transfer.user_data_64,
        user_data_32: transfer.user_data_32,
        ledger: transfer.ledger,
        code: transfer.code,
        flags: AccountFlags(transfer.flags.0),
        timestamp: transfer.timestamp,
        ..Account::default()
    }
}

fn encode(t: &Transfer, kind: u16, previous: Previous, position: Position, out: &mut Vec<u8>) {
    let pending = previous.pending.0.to_le_bytes();
    let points_at_pending = points_at_pending(kind, t.flags);
    let mut bytes = [0_u8; RECORD_BYTES];
    bytes[0..16].copy_from_slice(&t.id.0.to_le_bytes());
    bytes[16..32].copy_from_slice(&t.debit_account_id.0.to_le_bytes());
    bytes[32..48].copy_from_slice(&t.credit_account_id.0.to_le_bytes());
    bytes[48..64].copy_from_slice(&t.amount.0.to_le_bytes());
    bytes[64..80].copy_from_slice(&t.pending_id.0.to_le_bytes());
    bytes[80..96].copy_from_slice(&t.user_data_128.to_le_bytes());
    bytes[96..104].copy_from_slice(&t.user_data_64.to_le_bytes());
    bytes[104..108].copy_from_slice(&t.user_data_32.to_le_bytes());
    bytes[108..112].copy_from_slice(&if points_at_pending {
        [pending[0], pending[1], pending[2], pending[3]]
    } else {
        t.timeout.to_le_bytes()
    });
    bytes[112..116].copy_from_slice(&t.ledger.0.to_le_bytes());
    bytes[116..118].copy_from_slice(&t.code.0.to_le_bytes());
    bytes[118..120].copy_from_slice(&(t.flags.0 & FLAGS_MASK | kind << KIND_SHIFT).to_le_bytes());
    bytes[120..128].copy_from_slice(&t.timestamp.0.to_le_bytes());
    bytes[128..133].copy_from_slice(&previous.debit.0.to_le_bytes()[..5]);
    bytes[133..138].copy_from_slice(&previous.credit.0.to_le_bytes()[..5]);
    bytes[138] = if points_at_pending { pending[4] } else { 0 };
    let checksum = checksum(&bytes[..RECORD_BYTES - 4], position);
    bytes[140..144].copy_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(&bytes);
}

/// Takes little-endian numbers off the front of a slice that is known to be long enough.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let (head, tail) = self.0.split_at(N);
        bytes.copy_from_slice(head);
        self.0 = tail;
        bytes
    }
    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }
    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }
    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
    pub(crate) fn u128(&mut self) -> u128 {
        u128::from_le_bytes(self.take())
    }
    fn position(&mut self) -> Position {
        let low: [u8; 5] = self.take();
        let mut bytes = [0; 8];
        bytes[..5].copy_from_slice(&low);
        Position(u64::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Transfer {
        Transfer {
            id: TransferId(u128::MAX - 1),
            debit_account_id: AccountId(2),
            credit_account_id: AccountId(3),
            amount: Amount(u128::MAX),
            pending_id: TransferId(5),
            user_data_128: 6,
            user_data_64: 7,
            user_data_32: 8,
            timeout: 0,
            ledger: LedgerId(156),
            code: Code(11),
            flags: TransferFlags::KNOWN,
            timestamp: Timestamp(u64::MAX >> 1),
        }
    }

    #[test]
    fn every_kind_of_record_is_read_as_it_was_written() {
        let previous = Previous {
            pending: Position(POSITION_MAX - 1),
            debit: Position(POSITION_MAX),
            credit: Position::of_offset(160).expect("aligned"),
        };
        let waiting = Transfer { flags: TransferFlags::PENDING, timeout: u32::MAX, ..sample() };
        let account = Account {
            id: AccountId(1),
            user_data_128: 2,
            user_data_64: 3,
            user_data_32: 4,
            ledger: LedgerId(5),
            code: Code(6),
            flags: AccountFlags::KNOWN,
            timestamp: Timestamp(7),
            ..Account::default()
        };
        let records = [
            Record::Account(account),
            Record::Transfer(sample(), previous),
            Record::Transfer(waiting, Previous { pending: Position::NONE, ..previous }),
            Record::Failed(TransferId(9), Timestamp(10)),
            Record::Expired(sample(), previous),
        ];
        for record in records {
            let mut bytes = Vec::new();
            record.encode(Position(77), &mut bytes);
            let bytes: [u8; RECORD_BYTES] = bytes.try_into().expect("a record has its size");
            assert_eq!(Record::decode(&bytes, Position(77)), Ok(record));
        }
    }

    #[test]
    fn a_flipped_bit_or_a_record_in_another_place_is_found() {
        let mut bytes = Vec::new();
        Record::Transfer(sample(), Previous::default()).encode(Position(77), &mut bytes);
        let bytes: [u8; RECORD_BYTES] = bytes.try_into().expect("a record has its size");
        assert_eq!(Record::decode(&bytes, Position(78)), Err(RecordError::Checksum));
        for bit in 0..RECORD_BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::decode(&flipped, Position(77)), Err(RecordError::Checksum));
        }
    }
}
