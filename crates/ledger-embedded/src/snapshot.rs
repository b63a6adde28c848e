//! Snapshots: the state at a frame boundary, so that recovery need not replay the whole journal.
//!
//! Little-endian: magic (8), journal offset (8), frame sequence (8), hash of the frame before the offset (32), four times
//! (32), accounts and open pendings (8 each), the accounts (136 each), the pendings (their position, 8, and record, 144
//! each), BLAKE3 of all that (32). Written aside, synced, then renamed.

use ledger::{Account, AccountFlags, AccountId, Amount, Code, LedgerId, Timestamp};

use crate::accounts::{Accounts, Entry};
use crate::frame::ChainHash;
use crate::record::{Position, Previous, RECORD_BYTES, Reader, Record};
use crate::state::{OpenPending, State, Times};
use crate::storage::{Storage, StorageError, read_file, replace_file};

const MAGIC: [u8; 8] = *b"sycee/s1";
const HEADER_BYTES: usize = 8 + 8 + 8 + 32 + 32 + 8 + 8;
const ACCOUNT_BYTES: usize = 136;
const PENDING_BYTES: usize = 8 + RECORD_BYTES;
const HASH_BYTES: usize = 32;
/// Names of snapshots begin with this; the rest is the journal offset.
pub(crate) const PREFIX: &str = "snapshot-";

/// A copy of the state at a frame boundary that shares the accounts' chunks with the engine.
pub(crate) struct Snapshot {
    pub(crate) offset: u64,
    pub(crate) sequence: u64,
    pub(crate) previous: ChainHash,
    pub(crate) times: Times,
    pub(crate) accounts: Accounts,
    pub(crate) pendings: Vec<OpenPending>,
}

/// The file name of the snapshot at an offset.
pub(crate) fn name(offset: u64) -> String {
    format!("{PREFIX}{offset:016x}")
}

impl Snapshot {
    pub(crate) fn take(state: &State, offset: u64, sequence: u64, previous: ChainHash) -> Self {
        let mut pendings: Vec<OpenPending> = state.pendings.values().copied().collect();
        pendings.sort_by_key(|open| open.position);
        Self { offset, sequence, previous, times: state.times, accounts: state.accounts.clone(), pendings }
    }

    /// About how many bytes a snapshot of the state takes.
    pub(crate) fn size_of(state: &State) -> u64 {
        (state.accounts.len() * ACCOUNT_BYTES + state.pendings.len() * PENDING_BYTES) as u64
    }

    /// Writes the snapshot so that it is either there whole, or not at all.
    pub(crate) fn write<S: Storage>(&self, storage: &S) -> Result<(), StorageError> {
        replace_file(storage, &name(self.offset), &self.encode())?;
        storage.sync_directory()
    }

    fn encode(&self) -> Vec<u8> {
        let length = HEADER_BYTES + self.accounts.len() * ACCOUNT_BYTES + self.pendings.len() * PENDING_BYTES;
        let mut out = Vec::with_capacity(length + HASH_BYTES);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.previous.0);
        let times =
            [self.times.last, self.times.last_account, self.times.first_transfer, self.times.last_transfer];
        for time in times {
            out.extend_from_slice(&time.0.to_le_bytes());
        }
        out.extend_from_slice(&(self.accounts.len() as u64).to_le_bytes());
        out.extend_from_slice(&(self.pendings.len() as u64).to_le_bytes());
        self.accounts.iter().for_each(|entry| encode_entry(entry, &mut out));
        for open in &self.pendings {
            out.extend_from_slice(&open.position.bits().to_le_bytes());
            Record::Transfer(open.transfer, Previous::default()).encode(open.position, &mut out);
        }
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        out
    }

    /// Reads the snapshot of that name.
    ///
    /// Answers what is wrong with it, where anything is.
    pub(crate) fn read<S: Storage>(storage: &S, name: &str) -> Result<Self, String> {
        let bytes = read_file(storage, name).map_err(|error| error.to_string())?;
        Self::decode(&bytes).ok_or_else(|| format!("{name} does not match its hash"))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH_BYTES)?)?;
        if blake3::hash(body).as_bytes() != hash || body.len() < HEADER_BYTES {
            return None;
        }
        let mut reader = Reader(body);
        if reader.take::<8>() != MAGIC {
            return None;
        }
        let (offset, sequence, previous) = (reader.u64(), reader.u64(), ChainHash(reader.take()));
        let mut time = || Timestamp(reader.u64());
        let times =
            Times { last: time(), last_account: time(), first_transfer: time(), last_transfer: time() };
        let accounts_count = usize::try_from(reader.u64()).ok()?;
        let pendings_count = usize::try_from(reader.u64()).ok()?;
        let needed = accounts_count
            .checked_mul(ACCOUNT_BYTES)?
            .checked_add(pendings_count.checked_mul(PENDING_BYTES)?)?;
        if reader.0.len() != needed {
            return None;
        }
        let mut accounts = Accounts::default();
        for _ in 0..accounts_count {
            accounts.push(decode_entry(&mut reader));
        }
        let mut pendings = Vec::with_capacity(pendings_count);
        for _ in 0..pendings_count {
            let position = Position::from_bits(reader.u64());
            let Ok(Record::Transfer(transfer, _)) = Record::decode(&reader.take(), position) else {
                return None;
            };
            pendings.push(OpenPending { transfer, position });
        }
        Some(Self { offset, sequence, previous, times, accounts, pendings })
    }

    /// The state, without the id index.
    pub(crate) fn into_state(self) -> State {
        let mut state = State::new();
        for entry in self.accounts.iter() {
            state.add_account(*entry);
        }
        for open in &self.pendings {
            state.add_pending(&open.transfer, open.position);
        }
        state.times = self.times;
        state
    }
}

fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    let a = &entry.account;
    for number in [
        a.id.0,
        a.debits_pending.0,
        a.debits_posted.0,
        a.credits_pending.0,
        a.credits_posted.0,
        a.user_data_128,
    ] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&a.user_data_64.to_le_bytes());
    out.extend_from_slice(&a.user_data_32.to_le_bytes());
    out.extend_from_slice(&a.ledger.0.to_le_bytes());
    out.extend_from_slice(&a.code.0.to_le_bytes());
    out.extend_from_slice(&a.flags.0.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&a.timestamp.0.to_le_bytes());
    out.extend_from_slice(&entry.last.bits().to_le_bytes());
}

fn decode_entry(reader: &mut Reader<'_>) -> Entry {
    let account = Account {
        id: AccountId(reader.u128()),
        debits_pending: Amount(reader.u128()),
        debits_posted: Amount(reader.u128()),
        credits_pending: Amount(reader.u128()),
        credits_posted: Amount(reader.u128()),
        user_data_128: reader.u128(),
        user_data_64: reader.u64(),
        user_data_32: reader.u32(),
        reserved: 0,
        ledger: LedgerId(reader.u32()),
        code: Code(reader.u16()),
        flags: AccountFlags(reader.u16()),
        timestamp: {
            reader.take::<4>();
            Timestamp(reader.u64())
        },
    };
    Entry { account, last: Position::from_bits(reader.u64()) }
}
