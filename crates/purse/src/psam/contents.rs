//! What a security module keeps without power.

use crate::{
    amount::Amount,
    bytes::{Reader, Writer},
    fields::{TerminalId, TerminalTransaction},
    journal::Stored,
    key_table::{KeyRecord, KeyTable},
    pboc::key::{Cancel, Maintenance, Purchase, Purpose, TransactionCode},
};

/// How many keys a security module holds.
pub const MODULE_KEYS_MAX: usize = 12;

/// How many wrong TACs 80 78 answers between two collections. Each is a guess at one of 2^32.
pub const CODE_TRIES: u8 = 64;

/// What keys in a security module are for: it takes, and never gives.
const PURPOSES: [u8; 4] = [Purchase::USAGE, Cancel::USAGE, TransactionCode::USAGE, Maintenance::USAGE];

/// What a security module begins its life with.
#[derive(Clone, Debug)]
pub struct ModulePersonalisation<'a> {
    /// File identifier of the application, DF01 in the field.
    pub file_identifier: [u8; 2],
    /// Serial number of the module.
    pub serial: [u8; 10],
    /// Number of the terminal.
    pub terminal: TerminalId,
    /// Master keys for purchases, cancels and TACs, and the maintenance key that the issuer collects with. The index of each is
    /// its usage byte: levels of diversification << 5, plus 2.
    pub keys: &'a [KeyRecord],
    /// The algorithm identifier that means SM4, if any.
    pub sm4_algorithm: Option<u8>,
    /// The lowest version of keys that cards may have.
    pub minimum_version: u8,
    /// The most that may be authorised between two collections.
    pub ceiling: Amount,
    /// How many wrong proofs in a row lock it.
    pub tries: u8,
}

/// What a security module keeps without power.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModuleContents {
    pub(super) file_identifier: [u8; 2],
    pub(super) serial: [u8; 10],
    pub(super) terminal: TerminalId,
    pub(super) sm4_algorithm: Option<u8>,
    pub(super) minimum_version: u8,
    pub(super) ceiling: Amount,
    pub(super) authorised: Amount,
    pub(super) verified: Amount,
    pub(super) transaction: TerminalTransaction,
    pub(super) collections: u32,
    pub(super) tries: u8,
    pub(super) tries_max: u8,
    pub(super) keys: KeyTable<MODULE_KEYS_MAX>,
    /// How many wrong TACs 80 78 still answers.
    pub(super) code_tries: u8,
}

impl ModuleContents {
    /// A module that authorised nothing yet. `None` where keys are too many, two have the same purpose and version, or one is for
    /// what no module does, such as loads.
    #[must_use]
    pub fn personalised(with: &ModulePersonalisation<'_>) -> Option<Self> {
        let is_ours = |key: &KeyRecord| PURPOSES.contains(&key.usage());
        with.keys.iter().all(is_ours).then_some(())?;
        Some(Self {
            file_identifier: with.file_identifier,
            serial: with.serial,
            terminal: with.terminal,
            sm4_algorithm: with.sm4_algorithm,
            minimum_version: with.minimum_version,
            ceiling: with.ceiling,
            authorised: Amount::ZERO,
            verified: Amount::ZERO,
            transaction: TerminalTransaction(0),
            collections: 0,
            tries: with.tries,
            tries_max: with.tries,
            keys: KeyTable::by_version(with.keys)?,
            code_tries: CODE_TRIES,
        })
    }

    /// Number of the terminal.
    #[must_use]
    pub const fn terminal(&self) -> TerminalId {
        self.terminal
    }

    /// Number of the next transaction.
    #[must_use]
    pub const fn transaction(&self) -> TerminalTransaction {
        self.transaction
    }

    /// What was authorised since the last collection.
    #[must_use]
    pub const fn authorised(&self) -> Amount {
        self.authorised
    }

    /// What of it cards proved to have paid.
    #[must_use]
    pub const fn verified(&self) -> Amount {
        self.verified
    }

    /// The most that may be authorised between two collections.
    #[must_use]
    pub const fn ceiling(&self) -> Amount {
        self.ceiling
    }
}

impl Stored for ModuleContents {
    const LAYOUT: u32 = 0x5053_0001;
    const BYTES: usize =
        (2 + 10 + 6 + 2 + 1 + 4 * 3 + 4 + 4 + 2 + KeyTable::<MODULE_KEYS_MAX>::BYTES + 1).next_multiple_of(4);

    fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.file_identifier);
        body.put(&self.serial);
        body.put(&self.terminal.0);
        body.put(&[u8::from(self.sm4_algorithm.is_some()), self.sm4_algorithm.unwrap_or_default()]);
        body.byte(self.minimum_version);
        for amount in [self.ceiling, self.authorised, self.verified] {
            body.put(&amount.to_bytes());
        }
        body.put(&self.transaction.to_bytes());
        body.put(&self.collections.to_be_bytes());
        body.put(&[self.tries, self.tries_max]);
        self.keys.write(body);
        // In a module from before this field there is a zero: it answers 80 78 from its next collection on.
        body.byte(self.code_tries);
        while body.length().is_some_and(|length| length < Self::BYTES) {
            body.byte(0);
        }
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        let (file_identifier, serial, terminal) = (body.take()?, body.take()?, TerminalId(body.take()?));
        let (has_sm4, sm4) = (body.flag()?, body.byte()?);
        Some(Self {
            file_identifier,
            serial,
            terminal,
            sm4_algorithm: has_sm4.then_some(sm4),
            minimum_version: body.byte()?,
            ceiling: Amount::from_bytes(body.take()?),
            authorised: Amount::from_bytes(body.take()?),
            verified: Amount::from_bytes(body.take()?),
            transaction: TerminalTransaction::from_bytes(body.take()?),
            collections: u32::from_be_bytes(body.take()?),
            tries: body.byte()?,
            tries_max: body.byte()?,
            keys: KeyTable::read(body)?,
            code_tries: body.byte()?,
        })
    }
}
