//! Vaults: a holder's items, sealed with a key that only the holder's PIN opens, or a passkey that the holder chose.
//!
//! The records keep what is sealed. The key of an open vault lives in this process only, bound to the session that
//! opened it, and is wiped five minutes after its last use, when the vault is locked, and when the process ends.
//!
//! Invariants:
//! * nothing that a holder writes into a vault reaches the records, the ledger or a log in the clear;
//! * a wrong PIN costs time, more each time, and never locks the vault for ever;
//! * a change of the PIN changes no item: only the key is wrapped anew.
//!
//! To turn a PIN into a key costs some hundredths of a second on purpose. Callers do it where it holds nobody up, between
//! [`Attempt::begin`] and [`Attempt::open`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::vault::item::{Item, Kind};
use ::vault::profile::{Profile, ProfileSet};
use ::vault::seal::{KEY_BYTES, Key, Label, NONCE_BYTES, SALT_BYTES};
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::login_throttle::{self, Failures};
use records::vaults::{self, SealedItem, Vault};
use serde::{Deserialize, Serialize};
use wallet::ids::{HolderId, PasskeyId, PrincipalId, SessionId, VaultItemId};

use crate::{OperationError, Operations};

/// An open vault locks after this time without use.
pub const IDLE_SECONDS: u32 = 300;
/// The most items of a vault.
pub const ITEMS_MAX: usize = 500;

/// Wrong PINs that cost no time: people mistype.
const FREE_FAILURES: u64 = 3;
/// The longest wait after wrong PINs.
const LONGEST_WAIT_SECONDS: u64 = 900;
/// The window in which wrong PINs are counted.
const WINDOW_SECONDS: u32 = 24 * 3_600;
/// Characters of a reset code: 100 bits in groups of five.
const RESET_CHARACTERS: usize = 20;
/// No character that could be read as another.
const RESET_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Why something cannot be done with a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VaultRefusal {
    /// The holder has none.
    Missing,
    /// The holder has one already.
    Exists,
    /// It is locked, or was never opened in this session.
    Locked,
    /// The PIN is wrong.
    WrongPin,
    /// The PIN is too short or one that everybody tries first.
    WeakPin,
    /// Too many wrong PINs: the next try counts after so many seconds.
    Throttled {
        /// How many.
        seconds: u64,
    },
    /// The reset code is wrong.
    WrongResetCode,
    /// There is no such item.
    NoItem,
    /// The item was changed elsewhere in the meantime.
    Changed,
    /// The vault is full.
    Full,
}

impl std::fmt::Display for VaultRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no vault yet"),
            Self::Exists => f.write_str("there is a vault already"),
            Self::Locked => f.write_str("vault is locked"),
            Self::WrongPin => f.write_str("vault PIN is wrong"),
            Self::WeakPin => f.write_str("vault PIN is too short or too easy to guess"),
            Self::Throttled { seconds } => write!(f, "too many wrong PINs; try again in {seconds} s"),
            Self::WrongResetCode => f.write_str("reset code is wrong"),
            Self::NoItem => f.write_str("there is no such item"),
            Self::Changed => f.write_str("item was changed elsewhere"),
            Self::Full => f.write_str("vault is full"),
        }
    }
}

const fn refused<T>(refusal: VaultRefusal) -> Result<T, OperationError> {
    Err(OperationError::Vault(refusal))
}

/// The keys of the vaults that are open.
#[derive(Default)]
pub(crate) struct OpenVaults(Mutex<HashMap<SessionId, OpenVault>>);

struct OpenVault {
    holder: HolderId,
    key: Key,
    used_at: Timestamp,
}

impl OpenVaults {
    fn locked(&self) -> MutexGuard<'_, HashMap<SessionId, OpenVault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, session: SessionId, open: OpenVault) {
        self.locked().insert(session, open);
    }

    /// The key, if it was used less than [`IDLE_SECONDS`] ago. Notes the use.
    fn key(&self, session: SessionId, holder: HolderId, now: Timestamp) -> Option<Key> {
        let mut all = self.locked();
        all.retain(|_, open| !is_idle(open, now));
        let open = all.get_mut(&session).filter(|open| open.holder == holder)?;
        open.used_at = now;
        Some(open.key.clone())
    }

    fn drop_idle(&self, now: Timestamp) {
        self.locked().retain(|_, open| !is_idle(open, now));
    }
}

const fn is_idle(open: &OpenVault, now: Timestamp) -> bool {
    now.0.saturating_sub(open.used_at.0) >= IDLE_SECONDS as u64 * NANOSECONDS_PER_SECOND
}

/// Whether a vault is there, and open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultState {
    /// The holder has none.
    Missing,
    /// It is locked for this session.
    Locked,
    /// It is open in this session.
    Open,
}

/// What is kept under one id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A card, ticket, receipt or note.
    Item(Item),
    /// A profile set.
    Set(ProfileSet),
}

impl Content {
    /// What the holder calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Item(item) => &item.name,
            Self::Set(set) => &set.name,
        }
    }
}

/// One opened item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: VaultItemId,
    /// Counts its changes from 1.
    pub version: u32,
    /// What it says.
    pub content: Content,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By name.
    Name,
    /// What changed last comes first.
    Date,
}

/// Who asks, in which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Whose vault.
    pub holder: HolderId,
    /// The session that it is open in.
    pub session: SessionId,
}

/// Whether the holder has a vault, and whether it is open.
///
/// # Errors
/// What could not be reached.
pub async fn state(operations: &Operations, owner: Owner) -> Result<VaultState, OperationError> {
    if operations.inner.open_vaults.key(owner.session, owner.holder, operations.now()).is_some() {
        return Ok(VaultState::Open);
    }
    let found = find(operations, owner.holder).await?;
    Ok(if found.is_some() { VaultState::Locked } else { VaultState::Missing })
}

async fn find(operations: &Operations, holder: HolderId) -> Result<Option<Vault>, OperationError> {
    Ok(operations.records().read(move |sql| vaults::get(sql, holder)).await?)
}

fn fresh<const N: usize>(operations: &Operations) -> [u8; N] {
    let mut bytes = [0; N];
    operations.inner.services.entropy.fill(&mut bytes);
    bytes
}

/// A salt for a new PIN.
#[must_use]
pub fn new_salt(operations: &Operations) -> [u8; SALT_BYTES] {
    fresh(operations)
}

/// Makes the holder's vault and opens it. `wrapping` is the key of the PIN with this salt; see
/// [`::vault::seal::check_pin`] for the PIN. The answer is the reset code, which is known nowhere else.
///
/// # Errors
/// [`VaultRefusal::Exists`], or what could not be reached.
pub async fn create(
    operations: &Operations,
    owner: Owner,
    salt: [u8; SALT_BYTES],
    wrapping: &Key,
) -> Result<String, OperationError> {
    let key = Key::new(fresh::<KEY_BYTES>(operations));
    let random: [u8; RESET_CHARACTERS] = fresh(operations);
    let characters: Vec<u8> = random.iter().map(|byte| RESET_ALPHABET[usize::from(byte % 32)]).collect();
    let now = operations.now();
    let vault = Vault {
        holder: owner.holder,
        salt: salt.to_vec(),
        wrapped_key: key.wrapped(wrapping, owner.holder.bits(), fresh::<NONCE_BYTES>(operations)),
        reset_hash: reset_hash(owner.holder, &characters),
        created_at: now,
        updated_at: now,
    };
    if !operations.records().write(move |sql| vaults::insert(sql, &vault)).await? {
        return refused(VaultRefusal::Exists);
    }
    operations.inner.open_vaults.put(owner.session, OpenVault { holder: owner.holder, key, used_at: now });
    let groups: Vec<String> =
        characters.chunks(5).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
    Ok(groups.join("-"))
}

fn reset_hash(holder: HolderId, characters: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("sycee vault reset code v1");
    hasher.update(&holder.to_bytes());
    hasher.update(characters);
    *hasher.finalize().as_bytes()
}

/// One try of a PIN, counted already.
#[derive(Debug)]
pub struct Attempt {
    owner: Owner,
    vault: Vault,
    salt: [u8; SALT_BYTES],
}

impl Attempt {
    /// Counts a try, or refuses it with the time to wait.
    ///
    /// # Errors
    /// [`VaultRefusal::Missing`], [`VaultRefusal::Throttled`], or what could not be reached.
    pub async fn begin(operations: &Operations, owner: Owner) -> Result<Self, OperationError> {
        let Some(vault) = find(operations, owner.holder).await? else {
            return refused(VaultRefusal::Missing);
        };
        let salt = <[u8; SALT_BYTES]>::try_from(vault.salt.as_slice())
            .map_err(|_| OperationError::Inconsistent("vault has a salt of another length"))?;
        count(operations, owner.holder).await?;
        Ok(Self { owner, vault, salt })
    }

    /// What goes into [`Key::from_pin`] besides the PIN.
    #[must_use]
    pub const fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    /// Opens the vault in this session, with the key of the PIN.
    ///
    /// # Errors
    /// [`VaultRefusal::WrongPin`], or what could not be reached.
    pub async fn open(self, operations: &Operations, wrapping: &Key) -> Result<(), OperationError> {
        let key = self.unwrapped(operations, wrapping).await?;
        let open = OpenVault { holder: self.owner.holder, key, used_at: operations.now() };
        operations.inner.open_vaults.put(self.owner.session, open);
        Ok(())
    }

    /// Gives the vault a new PIN: `salt` is new, `new_wrapping` is the key of the new PIN with it.
    ///
    /// # Errors
    /// [`VaultRefusal::WrongPin`], [`VaultRefusal::Changed`], or what could not be reached.
    pub async fn change_pin(
        self,
        operations: &Operations,
        wrapping: &Key,
        salt: [u8; SALT_BYTES],
        new_wrapping: &Key,
    ) -> Result<(), OperationError> {
        let key = self.unwrapped(operations, wrapping).await?;
        let wrapped = key.wrapped(new_wrapping, self.owner.holder.bits(), fresh::<NONCE_BYTES>(operations));
        let (before, now) = (self.vault, operations.now());
        let changed =
            operations.records().write(move |sql| vaults::rewrap(sql, &before, &salt, &wrapped, now)).await?;
        if !changed {
            return refused(VaultRefusal::Changed);
        }
        let open = OpenVault { holder: self.owner.holder, key, used_at: now };
        operations.inner.open_vaults.put(self.owner.session, open);
        Ok(())
    }

    async fn unwrapped(&self, operations: &Operations, wrapping: &Key) -> Result<Key, OperationError> {
        let Ok(key) = wrapping.unwrap_key(self.owner.holder.bits(), &self.vault.wrapped_key) else {
            return refused(VaultRefusal::WrongPin);
        };
        let subject = subject(self.owner.holder);
        operations.records().write(move |sql| login_throttle::clear(sql, &subject)).await?;
        Ok(key)
    }
}

fn subject(holder: HolderId) -> String {
    format!("vault {holder}")
}

/// Counts a failure before it is known to be one, so that many tries at the same moment cannot slip past the count.
async fn count(operations: &Operations, holder: HolderId) -> Result<(), OperationError> {
    let now = operations.now();
    let counted = operations.records().write(move |sql| {
        let subject = subject(holder);
        let failures = login_throttle::get(sql, &subject, now, WINDOW_SECONDS)?;
        let wait = failures.map_or(0, |failures| wait_seconds(failures, now));
        if wait == 0 {
            login_throttle::record_failure(sql, &subject, now, WINDOW_SECONDS)?;
        }
        Ok(wait)
    });
    match counted.await? {
        0 => Ok(()),
        seconds => refused(VaultRefusal::Throttled { seconds }),
    }
}

/// Whole seconds until the next try counts: 0 after up to three failures, then 2, 4, 8 and so on.
fn wait_seconds(failures: Failures, now: Timestamp) -> u64 {
    let over = u32::try_from(failures.count.saturating_sub(FREE_FAILURES)).unwrap_or(u32::MAX);
    if over == 0 {
        return 0;
    }
    let doubled = 1_u64.checked_shl(over).unwrap_or(LONGEST_WAIT_SECONDS).min(LONGEST_WAIT_SECONDS);
    let end = failures.last_at.0.saturating_add(doubled * NANOSECONDS_PER_SECOND);
    end.saturating_sub(now.0).div_ceil(NANOSECONDS_PER_SECOND)
}

/// What a passkey is asked to compute for this vault (WebAuthn, extension prf). No secret.
#[must_use]
pub fn passkey_question(holder: HolderId) -> [u8; 32] {
    blake3::derive_key("sycee vault passkey question v1", &holder.to_bytes())
}

/// The key that wraps the vault's for a passkey: of what the passkey computed for [`passkey_question`].
#[must_use]
pub fn passkey_key(computed: &[u8; 32]) -> Key {
    Key::new(blake3::derive_key("sycee vault passkey v1", computed))
}

/// The passkeys that open the holder's vault.
///
/// # Errors
/// What could not be reached.
pub async fn passkeys(operations: &Operations, holder: HolderId) -> Result<Vec<PasskeyId>, OperationError> {
    let found = operations.records().read(move |sql| vaults::passkeys(sql, holder)).await?;
    Ok(found.into_iter().map(|(passkey, _)| passkey).collect())
}

/// Lets a passkey of the holder open the vault, which is open now. `wrapping` is [`passkey_key`] of it.
///
/// # Errors
/// [`VaultRefusal::Locked`], or what could not be reached.
pub async fn add_passkey(
    operations: &Operations,
    owner: Owner,
    passkey: PasskeyId,
    wrapping: &Key,
) -> Result<(), OperationError> {
    let key = key(operations, owner)?;
    let holder = owner.holder;
    let wrapped = key.wrapped(wrapping, holder.bits(), fresh::<NONCE_BYTES>(operations));
    let now = operations.now();
    Ok(operations
        .records()
        .write(move |sql| vaults::put_passkey(sql, holder, passkey, &wrapped, now))
        .await?)
}

/// Opens the vault in this session with a passkey that has proven itself.
///
/// # Errors
/// [`VaultRefusal::Missing`] where this passkey does not open it, [`VaultRefusal::WrongPin`] where it computed something
/// else, or what could not be reached.
pub async fn open_with_passkey(
    operations: &Operations,
    owner: Owner,
    passkey: PasskeyId,
    wrapping: &Key,
) -> Result<(), OperationError> {
    let holder = owner.holder;
    let found = operations.records().read(move |sql| vaults::passkeys(sql, holder)).await?;
    let wrapped = found.into_iter().find(|(id, _)| *id == passkey).map(|(_, wrapped)| wrapped);
    let Some(wrapped) = wrapped else { return refused(VaultRefusal::Missing) };
    let Ok(key) = wrapping.unwrap_key(holder.bits(), &wrapped) else {
        return refused(VaultRefusal::WrongPin);
    };
    operations.inner.open_vaults.put(owner.session, OpenVault { holder, key, used_at: operations.now() });
    Ok(())
}

/// Lets no passkey open the vault any more, which is open now.
///
/// # Errors
/// [`VaultRefusal::Locked`], or what could not be reached.
pub async fn forget_passkeys(operations: &Operations, owner: Owner) -> Result<(), OperationError> {
    key(operations, owner)?;
    let holder = owner.holder;
    Ok(operations.records().write(move |sql| vaults::forget_passkeys(sql, holder)).await?)
}

/// Locks the vault in this session.
pub fn lock(operations: &Operations, session: SessionId) {
    operations.inner.open_vaults.locked().remove(&session);
}

/// Locks the vault in all sessions of this principal but one.
pub fn lock_others(operations: &Operations, owner: PrincipalId, kept: Option<SessionId>) {
    let others = |session: &SessionId, open: &mut OpenVault| {
        PrincipalId::from(open.holder) != owner || Some(*session) == kept
    };
    operations.inner.open_vaults.locked().retain(others);
}

/// Wipes the keys of vaults that nobody has used for five minutes.
pub fn lock_idle(operations: &Operations) {
    operations.inner.open_vaults.drop_idle(operations.now());
}

/// Wipes the vault with all that is in it, for who has the reset code.
///
/// # Errors
/// [`VaultRefusal::Missing`], [`VaultRefusal::WrongResetCode`], [`VaultRefusal::Throttled`], or what could not be reached.
pub async fn reset(operations: &Operations, owner: Owner, code: &str) -> Result<(), OperationError> {
    let attempt = Attempt::begin(operations, owner).await?;
    let typed: Vec<u8> =
        code.to_uppercase().bytes().filter(|byte| byte.is_ascii_alphanumeric()).take(64).collect();
    if blake3::Hash::from_bytes(reset_hash(owner.holder, &typed)) != attempt.vault.reset_hash {
        return refused(VaultRefusal::WrongResetCode);
    }
    operations.inner.open_vaults.locked().retain(|_, open| open.holder != owner.holder);
    let (holder, subject) = (owner.holder, subject(owner.holder));
    let wiped = operations.records().write(move |sql| {
        vaults::wipe(sql, holder)?;
        login_throttle::clear(sql, &subject)
    });
    Ok(wiped.await?)
}

/// Refuses unless the vault is open in this session.
///
/// # Errors
/// [`VaultRefusal::Locked`].
pub fn require_open(operations: &Operations, owner: Owner) -> Result<(), OperationError> {
    key(operations, owner).map(drop)
}

fn key(operations: &Operations, owner: Owner) -> Result<Key, OperationError> {
    let key = operations.inner.open_vaults.key(owner.session, owner.holder, operations.now());
    key.ok_or(OperationError::Vault(VaultRefusal::Locked))
}

const fn label(holder: HolderId, id: VaultItemId, version: u32) -> Label {
    Label::Item { owner: holder.bits(), item: id.bits(), version }
}

/// Everything in the vault.
///
/// # Errors
/// [`VaultRefusal::Locked`], or what could not be reached.
pub async fn list(operations: &Operations, owner: Owner, order: Order) -> Result<Vec<Kept>, OperationError> {
    let key = key(operations, owner)?;
    let holder = owner.holder;
    let sealed = operations.records().read(move |sql| vaults::items(sql, holder)).await?;
    let mut items = sealed.iter().map(|item| opened(&key, item)).collect::<Result<Vec<Kept>, _>>()?;
    items.sort_by(|left, right| match order {
        Order::Name => left.content.name().to_lowercase().cmp(&right.content.name().to_lowercase()),
        Order::Date => right.updated_at.cmp(&left.updated_at),
    });
    Ok(items)
}

fn opened(key: &Key, item: &SealedItem) -> Result<Kept, OperationError> {
    let damaged = OperationError::Inconsistent("a vault item does not open with its vault's key");
    let text = key.open(label(item.holder, item.id, item.version), &item.sealed).map_err(|_| damaged)?;
    let content = serde_json::from_slice(&text).map_err(|_| damaged)?;
    Ok(Kept {
        id: item.id,
        version: item.version,
        content,
        created_at: item.created_at,
        updated_at: item.updated_at,
    })
}

/// One item.
///
/// # Errors
/// [`VaultRefusal::Locked`], [`VaultRefusal::NoItem`], or what could not be reached.
pub async fn get(operations: &Operations, owner: Owner, id: VaultItemId) -> Result<Kept, OperationError> {
    let items = list(operations, owner, Order::Name).await?;
    items.into_iter().find(|item| item.id == id).ok_or(OperationError::Vault(VaultRefusal::NoItem))
}

/// Adds an item.
///
/// # Errors
/// [`VaultRefusal::Locked`], [`VaultRefusal::Full`], or what could not be reached.
pub async fn add(
    operations: &Operations,
    owner: Owner,
    content: &Content,
) -> Result<VaultItemId, OperationError> {
    let key = key(operations, owner)?;
    let id = VaultItemId::new(operations.fresh_bits());
    let item = sealed(operations, &key, owner.holder, (id, 1), content)?;
    let holder = owner.holder;
    let added = operations.records().write(move |sql| {
        if vaults::items(sql, holder)?.len() >= ITEMS_MAX {
            return Ok(false);
        }
        vaults::add(sql, &item).map(|()| true)
    });
    if added.await? { Ok(id) } else { refused(VaultRefusal::Full) }
}

fn sealed(
    operations: &Operations,
    key: &Key,
    holder: HolderId,
    (id, version): (VaultItemId, u32),
    content: &Content,
) -> Result<SealedItem, OperationError> {
    let text = serde_json::to_vec(content).map_err(|_| OperationError::Inconsistent("item is not text"))?;
    let text = zeroize::Zeroizing::new(text);
    let sealed = key.seal(label(holder, id, version), fresh::<NONCE_BYTES>(operations), &text);
    let now = operations.now();
    Ok(SealedItem { id, holder, version, sealed, created_at: now, updated_at: now })
}

/// Puts this content in the place of version `version`.
///
/// # Errors
/// [`VaultRefusal::Locked`], [`VaultRefusal::Changed`], or what could not be reached.
pub async fn change(
    operations: &Operations,
    owner: Owner,
    (id, version): (VaultItemId, u32),
    content: &Content,
) -> Result<(), OperationError> {
    let key = key(operations, owner)?;
    let next = version.checked_add(1).ok_or(OperationError::Vault(VaultRefusal::Changed))?;
    let item = sealed(operations, &key, owner.holder, (id, next), content)?;
    let changed = operations.records().write(move |sql| vaults::change(sql, &item)).await?;
    if changed { Ok(()) } else { refused(VaultRefusal::Changed) }
}

/// Deletes an item.
///
/// # Errors
/// [`VaultRefusal::Locked`], [`VaultRefusal::NoItem`], or what could not be reached.
pub async fn remove(operations: &Operations, owner: Owner, id: VaultItemId) -> Result<(), OperationError> {
    key(operations, owner)?;
    let holder = owner.holder;
    let removed = operations.records().write(move |sql| vaults::remove(sql, holder, id)).await?;
    if removed { Ok(()) } else { refused(VaultRefusal::NoItem) }
}

/// What an order form can be filled in with: by the set with this id, or by every card where there is none.
///
/// # Errors
/// [`VaultRefusal::Locked`], [`VaultRefusal::NoItem`], or what could not be reached.
pub async fn profile(
    operations: &Operations,
    owner: Owner,
    set: Option<VaultItemId>,
) -> Result<Profile, OperationError> {
    let items = list(operations, owner, Order::Name).await?;
    let chosen = match set {
        None => items.iter().map(|item| item.id.bits()).collect(),
        Some(id) => match items.iter().find(|item| item.id == id).map(|item| &item.content) {
            Some(Content::Set(set)) => set.cards.clone(),
            _ => return refused(VaultRefusal::NoItem),
        },
    };
    let card = |id: &u128| {
        let kept = items.iter().find(|item| item.id.bits() == *id)?;
        if let Content::Item(item) = &kept.content { Some(item) } else { None }
    };
    Ok(Profile::of(chosen.iter().filter_map(card)))
}

/// Whether a list shows items of this kind, where it shows one kind only.
#[must_use]
pub fn is_of(content: &Content, kind: Option<Kind>) -> bool {
    match (content, kind) {
        (_, None) => true,
        (Content::Item(item), Some(kind)) => item.kind == kind,
        (Content::Set(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_idle_for_five_minutes_is_gone() {
        let (vaults, session, holder) = (OpenVaults::default(), SessionId::new(1), HolderId::new(2));
        let at = |seconds: u64| Timestamp(seconds * NANOSECONDS_PER_SECOND);
        vaults.put(session, OpenVault { holder, key: Key::new([1; 32]), used_at: at(0) });
        assert!(vaults.key(session, HolderId::new(3), at(1)).is_none());
        assert!(vaults.key(session, holder, at(299)).is_some());
        assert!(vaults.key(session, holder, at(598)).is_some());
        vaults.drop_idle(at(898));
        assert!(vaults.locked().is_empty());
    }

    #[test]
    fn wrong_pins_wait_longer_each_time_and_never_for_ever() {
        let at = Timestamp(NANOSECONDS_PER_SECOND);
        let waits =
            [3, 4, 5, 6, 100].map(|count| wait_seconds(Failures { count, first_at: at, last_at: at }, at));
        assert_eq!(waits, [0, 2, 4, 8, 900]);
    }
}
