//! What cards of different issuers do differently.

use crate::{
    bytes::{Reader, Writer},
    pboc::key::Algorithm,
};

/// Which of two numbers a card means: that before a transaction or that after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counting {
    /// The sequence that the transaction's keys and codes were made with.
    Before,
    /// That sequence plus one.
    After,
}

/// What a card's amounts count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Hundredths of a yuan.
    Fen,
    /// Whole yuan, as old motorway cards do.
    Yuan,
}

/// Which key makes the TAC of an overdraft change: sources disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OverdraftCodeKey {
    /// Both halves of DTK XORed, as everywhere else.
    HalvesXored,
    /// DTK directly.
    Direct,
}

/// The profile of an issuer. A card never changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// Which sequence the log shows: the manual says before, one real card shows after.
    pub log_sequence: Counting,
    /// Which sequence GET TRANSACTION PROVE asks for: terminals in the field ask for the one after.
    pub prove_sequence: Counting,
    /// The algorithm identifier that means SM4, if any; every other identifier is a tag and means 3DES.
    pub sm4_algorithm: Option<u8>,
    /// What amounts count.
    pub unit: Unit,
    /// Which key makes the TAC of an overdraft change.
    pub overdraft_code_key: OverdraftCodeKey,
    /// How many levels lie between the issuer's master keys and this card's keys: one is the card's serial number, the
    /// second the city's or issuer's identifier.
    pub diversification_levels: u8,
    /// Three wrong MACs of a host in a row lock the application for ever.
    pub locks_after_wrong_macs: bool,
    /// A load needs a verified PIN.
    pub load_needs_pin: bool,
    /// Purchase, cash and unload of the electronic deposit need a verified PIN.
    pub deposit_needs_pin: bool,
    /// A verified PIN stays verified after a transaction; FMCOS forgets it.
    pub pin_outlasts_transaction: bool,
    /// Answers a command that has data and asks for data without Le by 61xx, and keeps the data for GET RESPONSE (T=0).
    pub keeps_responses: bool,
}

impl Profile {
    /// As FMCOS 2.0 cards do it.
    pub const FMCOS: Self = Self {
        log_sequence: Counting::Before,
        prove_sequence: Counting::After,
        sm4_algorithm: None,
        unit: Unit::Fen,
        overdraft_code_key: OverdraftCodeKey::HalvesXored,
        diversification_levels: 1,
        locks_after_wrong_macs: true,
        load_needs_pin: true,
        deposit_needs_pin: true,
        pin_outlasts_transaction: false,
        keeps_responses: false,
    };

    /// How many bytes a profile is.
    pub const BYTES: usize = 12;

    /// What an algorithm identifier means.
    #[must_use]
    pub fn algorithm(&self, identifier: u8) -> Algorithm {
        if self.sm4_algorithm == Some(identifier) { Algorithm::Sm4Own } else { Algorithm::TripleDes }
    }

    /// A byte for each field, in their order; that of an algorithm identifier follows whether there is one.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        [
            u8::from(self.log_sequence == Counting::After),
            u8::from(self.prove_sequence == Counting::After),
            u8::from(self.sm4_algorithm.is_some()),
            self.sm4_algorithm.unwrap_or_default(),
            u8::from(self.unit == Unit::Yuan),
            u8::from(self.overdraft_code_key == OverdraftCodeKey::Direct),
            self.diversification_levels,
            u8::from(self.locks_after_wrong_macs),
            u8::from(self.load_needs_pin),
            u8::from(self.deposit_needs_pin),
            u8::from(self.pin_outlasts_transaction),
            u8::from(self.keeps_responses),
        ]
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.to_bytes());
    }

    /// Reads [`Self::to_bytes`].
    pub fn read(body: &mut Reader<'_>) -> Option<Self> {
        let counting = |after| if after { Counting::After } else { Counting::Before };
        Some(Self {
            log_sequence: counting(body.flag()?),
            prove_sequence: counting(body.flag()?),
            sm4_algorithm: match (body.flag()?, body.byte()?) {
                (true, identifier) => Some(identifier),
                (false, _) => None,
            },
            unit: if body.flag()? { Unit::Yuan } else { Unit::Fen },
            overdraft_code_key: match body.flag()? {
                true => OverdraftCodeKey::Direct,
                false => OverdraftCodeKey::HalvesXored,
            },
            diversification_levels: body.byte()?,
            locks_after_wrong_macs: body.flag()?,
            load_needs_pin: body.flag()?,
            deposit_needs_pin: body.flag()?,
            pin_outlasts_transaction: body.flag()?,
            keeps_responses: body.flag()?,
        })
    }
}
