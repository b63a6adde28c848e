//! What every list of the issuer begins with, and how its holder takes a newer one and never an older.
//!
//! # Specification
//!
//! A list is a header of 144 bytes and then its entries, each of the same length and in strictly rising order, so that a list
//! has one encoding and an entry is found by halving. [`accept`] checks in this order: length and form, issuer's signature,
//! name of the issuer, version against the newest that the holder knows, hours.
//!
//! * A version that is lower than the newest is refused, whatever its signature. So is the same version with other content.
//! * The newest version outlives the list: a holder that lost the list still refuses an older one.

use core::fmt;

use pki::{Context, KeyPair, PublicKey, Signature, SubjectId};

use super::{
    bytes::{Reader, Writer},
    fields::{ListVersion, Seconds},
};

/// Length of the header of every list.
pub const LIST_HEADER_BYTES: usize = 144;
/// The most entries of a list.
pub const ENTRIES_MAX: u32 = 1 << 20;

const SIGNED_BYTES: usize = 80;
const FORMAT: [u8; 2] = [0, 1];
const CONTEXT: Context = Context::new("sycee purse list v1");

/// What a list is of.
pub trait Entry: Copy + fmt::Debug {
    /// The first four bytes of such a list.
    const MAGIC: [u8; 4];
    /// Length of an entry.
    const BYTES: usize;
    /// How many of its first bytes no other entry of a list has.
    const KEY_BYTES: usize;
    /// The fewest entries of a list.
    const MIN: u32 = 0;
    /// The most entries of a list.
    const MAX: u32 = ENTRIES_MAX;

    /// Appends the entry.
    fn write(&self, bytes: &mut Vec<u8>);

    /// Reads an entry of [`Self::BYTES`]; `None` where it is none.
    fn parse(bytes: &[u8]) -> Option<Self>;
}

/// When a list is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListHours {
    /// Issued at this time.
    pub issued: Seconds,
    /// Not used from this time on.
    pub expires: Seconds,
}

/// A list whose form and signature are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedList<E> {
    version: ListVersion,
    hours: ListHours,
    issuer: SubjectId,
    entries: Vec<E>,
    signature: Signature,
}

/// The newest list of a kind that its holder ever accepted. Kept for ever, and before the list itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// Its version.
    pub version: ListVersion,
    /// BLAKE3 of what its issuer signed.
    pub digest: [u8; 32],
}

/// Whose lists a holder takes, and when.
#[derive(Clone, Copy, Debug)]
pub struct ListTrust<'a> {
    /// The issuer's name.
    pub issuer: SubjectId,
    /// The issuer's key.
    pub key: &'a PublicKey,
    /// The newest list of this kind so far.
    pub newest: Newest,
    /// The time.
    pub now: Seconds,
}

/// Why a list is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListRefusal {
    /// The bytes are no such list.
    Malformed,
    /// The issuer did not sign it.
    Signature,
    /// It names another issuer.
    OtherIssuer,
    /// A newer one is known.
    Older,
    /// One of this version with other content is known.
    Forked,
    /// It is over, or would be before it was issued.
    Expired,
}

impl fmt::Display for ListRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "bytes are no such list",
            Self::Signature => "list is not signed by the issuer",
            Self::OtherIssuer => "list names another issuer",
            Self::Older => "a newer list is known",
            Self::Forked => "another list of this version is known",
            Self::Expired => "list has expired",
        })
    }
}

impl core::error::Error for ListRefusal {}

/// Entries that are no list: too many or too few, or not in strictly rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAList;

impl fmt::Display for NotAList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries are too many, too few or not in strictly rising order")
    }
}

impl core::error::Error for NotAList {}

/// Takes a list in place of the newest one.
///
/// # Errors
/// [`ListRefusal`], for the first rule that is broken.
pub fn accept<E: Entry>(bytes: &[u8], trust: &ListTrust<'_>) -> Result<(SignedList<E>, Newest), ListRefusal> {
    let list = SignedList::<E>::parse(bytes).ok_or(ListRefusal::Malformed)?;
    let signed = list.signed_bytes();
    trust.key.verify(CONTEXT, &signed, &list.signature).map_err(|_| ListRefusal::Signature)?;
    if list.issuer != trust.issuer {
        return Err(ListRefusal::OtherIssuer);
    }
    let newest = Newest { version: list.version, digest: blake3::derive_key(DIGEST, &signed) };
    if newest.version < trust.newest.version {
        return Err(ListRefusal::Older);
    }
    if newest.version == trust.newest.version && newest.digest != trust.newest.digest {
        return Err(ListRefusal::Forked);
    }
    if list.hours.expires <= list.hours.issued || trust.now >= list.hours.expires {
        return Err(ListRefusal::Expired);
    }
    Ok((list, newest))
}

const DIGEST: &str = "sycee purse list digest v1";

impl<E: Entry> SignedList<E> {
    /// Signs a list as its issuer.
    ///
    /// # Errors
    /// [`NotAList`].
    pub fn signed(
        version: ListVersion,
        hours: ListHours,
        entries: Vec<E>,
        (issuer, key): (SubjectId, &KeyPair),
    ) -> Result<Self, NotAList> {
        let unsigned = Self { version, hours, issuer, entries, signature: [0; 64] };
        let count = u32::try_from(unsigned.entries.len()).unwrap_or(u32::MAX);
        if !(E::MIN..=E::MAX).contains(&count) || !is_rising::<E>(&unsigned.body()) {
            return Err(NotAList);
        }
        let signature = key
            .sign(CONTEXT, &unsigned.signed_bytes())
            .expect("80 bytes are fewer than the most that can be signed");
        Ok(Self { signature, ..unsigned })
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> ListVersion {
        self.version
    }

    /// When it is good.
    #[must_use]
    pub const fn hours(&self) -> ListHours {
        self.hours
    }

    /// Its entries, in rising order.
    #[must_use]
    pub fn entries(&self) -> &[E] {
        &self.entries
    }

    /// The one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.signed_bytes().to_vec();
        bytes.extend_from_slice(&self.signature);
        bytes.extend_from_slice(&self.body());
        bytes
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.entries.len().saturating_mul(E::BYTES));
        self.entries.iter().for_each(|entry| entry.write(&mut body));
        body
    }

    fn signed_bytes(&self) -> [u8; SIGNED_BYTES] {
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        Writer::new()
            .put(&E::MAGIC)
            .put(&FORMAT)
            .put(&[0; 2])
            .put(&self.version.to_bytes())
            .put(&count.to_be_bytes())
            .put(&self.hours.issued.to_bytes())
            .put(&self.hours.expires.to_bytes())
            .put(&self.issuer.0)
            .put(&blake3::derive_key("sycee purse list content v1", &self.body()))
            .done()
    }

    /// Reads a list; nothing about it is believed before [`accept`] has checked its signature. `None` where it is none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (header, body) = bytes.split_first_chunk::<LIST_HEADER_BYTES>()?;
        let mut reader = Reader::new(header);
        let (magic, format): ([u8; 4], [u8; 2]) = (reader.take()?, reader.take()?);
        reader.zeros::<2>()?;
        let (version, count) = (ListVersion(reader.u32()?), reader.u32()?);
        let hours = ListHours { issued: Seconds(reader.u64()?), expires: Seconds(reader.u64()?) };
        let issuer = SubjectId(reader.take()?);
        let [_, _, _, _] = [reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?];
        let signature = reader.take()?;
        let length = usize::try_from(count).ok()?.checked_mul(E::BYTES)?;
        if magic != E::MAGIC || format != FORMAT || body.len() != length {
            return None;
        }
        if !(E::MIN..=E::MAX).contains(&count) || !is_rising::<E>(body) {
            return None;
        }
        let entries = body.chunks_exact(E::BYTES).map(E::parse).collect::<Option<Vec<E>>>()?;
        let list = Self { version, hours, issuer, entries, signature };
        // The hash of the entries is right, and they are written as they were read.
        (list.signed_bytes().as_slice() == header.get(..SIGNED_BYTES)? && list.body() == body).then_some(list)
    }
}

/// Whether the keys of the entries rise strictly.
fn is_rising<E: Entry>(body: &[u8]) -> bool {
    let keys = body.chunks_exact(E::BYTES).map(|entry| entry.get(..E::KEY_BYTES).unwrap_or_default());
    keys.clone().zip(keys.skip(1)).all(|(key, next)| key < next)
}
