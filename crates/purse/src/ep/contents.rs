//! All that a purse keeps without power, in one layout, and how it is personalised.

use core::fmt;

use super::{
    files::{FileLayout, Files},
    log::{Log, Proofs},
    profile::Profile,
    state::{Grade, GreyLock, LastPurchase, Limits, Pin, Pocket, Spent, Split},
};
use crate::{
    amount::Amount,
    bytes::{Reader, Writer},
    fields::Asn,
    journal::Stored,
    key_table::{KeyRecord, KeyTable},
    pboc::key::{Dtk, TransactionCode},
};

/// How many keys a purse holds.
pub const KEYS_MAX: usize = 18;
/// How many pockets of other currencies a purse has, beside its own.
pub const CURRENCY_POCKETS: usize = 4;
/// How many wrong MACs of a host in a row an application stands.
pub const MAC_TRIES: u8 = 3;

/// Whether the application works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Life {
    /// It works.
    Active = 1,
    /// It only answers questions, until the issuer unblocks it.
    Blocked = 2,
    /// It only answers questions, for ever.
    Locked = 3,
}

/// Which pocket of PBOC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// Electronic deposit, ED.
    Deposit,
    /// Electronic purse, EP.
    Purse,
}

/// An application identifier: five to sixteen bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Aid {
    bytes: [u8; 16],
    length: u8,
}

impl Aid {
    /// An identifier; `None` where it is too short or too long.
    #[must_use]
    pub fn new(aid: &[u8]) -> Option<Self> {
        let length = u8::try_from(aid.len()).ok().filter(|length| (5..=16).contains(length))?;
        let mut bytes = [0; 16];
        bytes.get_mut(..aid.len())?.copy_from_slice(aid);
        Some(Self { bytes, length })
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// What a purse begins its life with.
#[derive(Clone, Debug)]
pub struct Personalisation<'a> {
    /// What this issuer's cards do differently.
    pub profile: Profile,
    /// Application identifier.
    pub aid: &'a [u8],
    /// File identifier of the application, such as DF01 or 1001.
    pub file_identifier: [u8; 2],
    /// Public information, 30 bytes: issuer 8, type 1, version 1, serial number 10, start 4, expiry 4, FCI 2.
    pub public_information: [u8; 30],
    /// The keys of this card, already diversified for it.
    pub keys: &'a [KeyRecord],
    /// PIN, two to six bytes, and how often it may be wrong.
    pub pin: (&'a [u8], u8),
    /// Files beside the public information.
    pub files: &'a [FileLayout],
    /// What the card allows.
    pub limits: Limits,
    /// Currencies of the further pockets, ISO 4217 numeric in BCD; zeros where there is none.
    pub currencies: [[u8; 2]; CURRENCY_POCKETS],
}

/// Why a purse cannot be personalised so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalisationError {
    /// Application identifier is not five to sixteen bytes.
    Aid,
    /// Keys are too many, or two have the same usage and index.
    Keys,
    /// Halves of a DTK are equal: its TACs would be made with a key of zeros.
    TransactionCodeKeyIsWeak,
    /// PIN is not two to six bytes, or its tries not 1 to 15.
    Pin,
    /// Files do not fit.
    Files,
}

impl fmt::Display for PersonalisationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aid => "application identifier has a wrong length",
            Self::Keys => "keys are too many or two are the same",
            Self::TransactionCodeKeyIsWeak => "halves of the TAC key are equal",
            Self::Pin => "PIN or its tries are out of range",
            Self::Files => "files do not fit",
        })
    }
}

impl core::error::Error for PersonalisationError {}

/// All that a purse keeps without power.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contents {
    pub(super) profile: Profile,
    pub(super) aid: Aid,
    pub(super) file_identifier: [u8; 2],
    pub(super) life: Life,
    pub(super) mac_tries: u8,
    pub(super) deposit: Pocket,
    pub(super) purse: Pocket,
    pub(super) currencies: [([u8; 2], Amount); CURRENCY_POCKETS],
    pub(super) limits: Limits,
    pub(super) spent: Spent,
    pub(super) pin: Pin,
    pub(super) keys: KeyTable<KEYS_MAX>,
    pub(super) log: Log,
    pub(super) proofs: Proofs,
    pub(super) last_purchase: LastPurchase,
    pub(super) grey_lock: GreyLock,
    pub(super) split: Split,
    pub(super) grade: Grade,
    pub(super) files: Files,
}

impl Contents {
    /// A purse without value.
    ///
    /// # Errors
    /// [`PersonalisationError`].
    pub fn personalised(with: &Personalisation<'_>) -> Result<Self, PersonalisationError> {
        use super::files::{FILES_MAX, FileKind, PUBLIC_INFORMATION};

        let keys = KeyTable::by_index(with.keys).ok_or(PersonalisationError::Keys)?;
        if keys.all::<TransactionCode>().any(|key: Dtk| key.has_equal_halves()) {
            return Err(PersonalisationError::TransactionCodeKeyIsWeak);
        }
        let public =
            FileLayout { sfi: PUBLIC_INFORMATION, kind: FileKind::Transparent, record_bytes: 30, records: 1 };
        let mut layouts = [public; FILES_MAX];
        let rest = layouts.get_mut(1..=with.files.len()).ok_or(PersonalisationError::Files)?;
        rest.copy_from_slice(with.files);
        let layouts = layouts.get(..=with.files.len()).ok_or(PersonalisationError::Files)?;
        let mut files = Files::new(layouts).ok_or(PersonalisationError::Files)?;
        files.fill(PUBLIC_INFORMATION, 1, &with.public_information).ok_or(PersonalisationError::Files)?;
        Ok(Self {
            profile: with.profile,
            aid: Aid::new(with.aid).ok_or(PersonalisationError::Aid)?,
            file_identifier: with.file_identifier,
            life: Life::Active,
            mac_tries: MAC_TRIES,
            deposit: Pocket::EMPTY,
            purse: Pocket::EMPTY,
            currencies: with.currencies.map(|currency| (currency, Amount::ZERO)),
            limits: with.limits,
            spent: Spent::NOTHING,
            pin: Pin::new(with.pin.0, with.pin.1).ok_or(PersonalisationError::Pin)?,
            keys,
            log: Log::empty(),
            proofs: Proofs::default(),
            last_purchase: LastPurchase::NONE,
            grey_lock: GreyLock::NONE,
            split: Split::NONE,
            grade: Grade::NONE,
            files,
        })
    }

    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether the application works.
    #[must_use]
    pub const fn life(&self) -> Life {
        self.life
    }

    /// A pocket of PBOC.
    #[must_use]
    pub const fn pocket(&self, which: Which) -> &Pocket {
        match which {
            Which::Deposit => &self.deposit,
            Which::Purse => &self.purse,
        }
    }

    pub(super) const fn pocket_mut(&mut self, which: Which) -> &mut Pocket {
        match which {
            Which::Deposit => &mut self.deposit,
            Which::Purse => &mut self.purse,
        }
    }

    /// Currency and balance of the further pockets.
    #[must_use]
    pub const fn currencies(&self) -> &[([u8; 2], Amount); CURRENCY_POCKETS] {
        &self.currencies
    }

    /// What the card allows.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What was spent since the card was last online.
    #[must_use]
    pub const fn spent(&self) -> &Spent {
        &self.spent
    }

    /// The log of transactions.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// The files, also to fill them at personalisation.
    pub const fn files_mut(&mut self) -> &mut Files {
        &mut self.files
    }

    /// The open or last split.
    #[must_use]
    pub const fn split(&self) -> &Split {
        &self.split
    }

    /// The credit grade.
    #[must_use]
    pub const fn grade(&self) -> &Grade {
        &self.grade
    }

    /// The grey lock.
    #[must_use]
    pub const fn grey_lock(&self) -> &GreyLock {
        &self.grey_lock
    }

    /// Application serial number: which card this is.
    #[must_use]
    pub fn asn(&self) -> Asn {
        let public = self.files.transparent(super::files::PUBLIC_INFORMATION).unwrap_or_default();
        Asn(public.get(10..20).and_then(|asn| asn.try_into().ok()).unwrap_or_default())
    }
}

impl Stored for Contents {
    const LAYOUT: u32 = 0x4550_0001;
    const BYTES: usize = (Profile::BYTES
        + 17
        + 2
        + 2
        + 2 * Pocket::BYTES
        + 6 * CURRENCY_POCKETS
        + Limits::BYTES
        + Spent::BYTES
        + Pin::BYTES
        + KeyTable::<KEYS_MAX>::BYTES
        + Log::BYTES
        + Proofs::BYTES
        + LastPurchase::BYTES
        + GreyLock::BYTES
        + Split::BYTES
        + Grade::BYTES
        + Files::BYTES)
        .next_multiple_of(4);

    fn write(&self, body: &mut Writer<'_>) {
        self.profile.write(body);
        body.put(&self.aid.bytes);
        body.byte(self.aid.length);
        body.put(&self.file_identifier);
        body.put(&[self.life as u8, self.mac_tries]);
        self.deposit.write(body);
        self.purse.write(body);
        for (currency, balance) in &self.currencies {
            body.put(currency);
            body.put(&balance.to_bytes());
        }
        self.limits.write(body);
        self.spent.write(body);
        self.pin.write(body);
        self.keys.write(body);
        self.log.write(body);
        self.proofs.write(body);
        self.last_purchase.write(body);
        self.grey_lock.write(body);
        self.split.write(body);
        self.grade.write(body);
        self.files.write(body);
        while body.length().is_some_and(|length| length < Self::BYTES) {
            body.byte(0);
        }
    }

    fn read(body: &mut Reader<'_>) -> Option<Self> {
        let profile = Profile::read(body)?;
        let aid = Aid { bytes: body.take()?, length: body.byte().filter(|length| *length <= 16)? };
        let file_identifier = body.take()?;
        let life = match body.byte()? {
            1 => Life::Active,
            2 => Life::Blocked,
            3 => Life::Locked,
            _ => return None,
        };
        let mac_tries = body.byte()?;
        let (deposit, purse) = (Pocket::read(body)?, Pocket::read(body)?);
        let mut currencies = [([0; 2], Amount::ZERO); CURRENCY_POCKETS];
        for (currency, balance) in &mut currencies {
            *currency = body.take()?;
            *balance = Amount::from_bytes(body.take()?);
        }
        Some(Self {
            profile,
            aid,
            file_identifier,
            life,
            mac_tries,
            deposit,
            purse,
            currencies,
            limits: Limits::read(body)?,
            spent: Spent::read(body)?,
            pin: Pin::read(body)?,
            keys: KeyTable::read(body)?,
            log: Log::read(body)?,
            proofs: Proofs::read(body)?,
            last_purchase: LastPurchase::read(body)?,
            grey_lock: GreyLock::read(body)?,
            split: Split::read(body)?,
            grade: Grade::read(body)?,
            files: Files::read(body)?,
        })
    }
}
