//! Key ceremonies: a master key that no single person ever holds.
//!
//! 1. Somebody begins it and names three custodians. The key is drawn, split, and forgotten at once.
//! 2. Each custodian sees their own share, writes it down, and types it back; then it is forgotten here.
//! 3. Two custodians bring their shares. The key that they give is compared with its check value and kept for use.
//! 4. Somebody may close the key: it is forgotten, and two custodians have to come again.
//!
//! Invariants: neither key nor share is ever in the records or the audit log; between 2 and 3 the key is nowhere; a step is
//! durable before it is answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::RecordsError;
use records::master_keys::{self as rows, KeyShare as ShareRow, MasterKey, MasterKeyState};
use wallet::ids::{MasterKeyId, PrincipalId};
use zeroize::Zeroizing;

use crate::duties::{self, Permission};
use crate::key_share::{self, KEY_BYTES, KeyShare};
pub use crate::key_share::{SHARES, THRESHOLD};
use crate::{OperationError, Operations, Party, audit_log};

/// What a master key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The keys of card purses are derived from it.
    CardPurses,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 1] = [Self::CardPurses];

    /// The word of records and forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CardPurses => "card_purses",
        }
    }

    /// The purpose with this [`Purpose::code`].
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }
}

/// How long the first custodian's share waits in memory for the second.
const WAIT: u64 = 15 * 60 * NANOSECONDS_PER_SECOND;

/// Shares that custodians have brought to open a key, until enough are there. In memory only.
#[derive(Default)]
pub(crate) struct BroughtShares(Mutex<BTreeMap<MasterKeyId, Vec<(Timestamp, KeyShare)>>>);

impl BroughtShares {
    /// Adds a share; answers all that are there and not too old, and forgets them where they are enough.
    fn add(&self, id: MasterKeyId, now: Timestamp, share: KeyShare) -> Vec<KeyShare> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = all.entry(id).or_default();
        waiting.retain(|(at, held)| now.0.saturating_sub(at.0) < WAIT && held.number() != share.number());
        waiting.push((now, share));
        let shares: Vec<KeyShare> = waiting.iter().map(|(_, share)| share.clone()).collect();
        if shares.len() >= usize::from(THRESHOLD) {
            all.remove(&id);
        }
        shares
    }

    fn numbers(&self, id: MasterKeyId, now: Timestamp) -> Vec<u32> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = all.get(&id).into_iter().flatten();
        waiting.filter(|(at, _)| now.0.saturating_sub(at.0) < WAIT).map(|(_, share)| share.number()).collect()
    }
}

/// A key with its shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// The key.
    pub key: MasterKey,
    /// Its shares, by number.
    pub shares: Vec<ShareRow>,
    /// The numbers of the shares that custodians have brought to open it.
    pub brought: Vec<u32>,
}

/// How far the opening of a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The share is right; another one has to be brought within a quarter of an hour.
    Waiting,
    /// The key is open.
    Open,
}

/// Begins a ceremony: draws a key, splits it among the custodians, and forgets it.
///
/// # Errors
/// [`OperationError::CustodiansWanted`], [`OperationError::NotPermitted`], or what could not be reached.
pub async fn begin(
    operations: &Operations,
    by: PrincipalId,
    purpose: Purpose,
    custodians: &[PrincipalId],
) -> Result<MasterKeyId, OperationError> {
    duties::require(operations, by, Permission::Keys).await?;
    check_custodians(operations, custodians).await?;
    let entropy = &*operations.services().entropy;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    entropy.fill(&mut *key);
    let shares = key_share::split(&key, entropy);
    let check_value = key_share::check_value(&key);
    drop(key);
    let id = MasterKeyId::new(operations.fresh_bits());
    for share in &shares {
        operations.key_keeper().put(&share_name(id, share.number()), share.bytes())?;
    }
    let share_rows: Vec<ShareRow> = shares
        .iter()
        .zip(custodians)
        .map(|(share, custodian)| ShareRow {
            number: share.number(),
            custodian: *custodian,
            fingerprint: share.fingerprint(),
            kept_at: None,
        })
        .collect();
    let now = operations.now();
    let check = check_value.clone();
    let written = operations.records().write(move |sql| {
        let version = rows::newest_version(sql, purpose.code())?.saturating_add(1);
        let key = MasterKey {
            id,
            purpose: purpose.code().to_owned(),
            version,
            state: MasterKeyState::Sharing,
            check_value: check.clone(),
            begun_by: by,
            begun_at: now,
            changed_at: now,
        };
        rows::insert(sql, &key, &share_rows)?;
        Ok(version)
    });
    let version = match written.await {
        Err(RecordsError::Conflict(_)) => return Err(OperationError::KeyInProgress),
        version => version?,
    };
    let names = custodians.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let details = [
        ("purpose", purpose.code().to_owned()),
        ("version", version.to_string()),
        ("check_value", check_value),
        ("custodians", names),
    ];
    audit_log::note(operations, by, "key.ceremony_begun", &id.to_string(), &details).await?;
    Ok(id)
}

/// Three of the operator's people, no one twice.
async fn check_custodians(operations: &Operations, custodians: &[PrincipalId]) -> Result<(), OperationError> {
    let distinct: std::collections::BTreeSet<PrincipalId> = custodians.iter().copied().collect();
    if custodians.len() != SHARES || distinct.len() != SHARES {
        return Err(OperationError::CustodiansWanted);
    }
    let colleagues = duties::colleagues(operations).await?;
    let known = |id: &PrincipalId| colleagues.iter().any(|colleague| colleague.principal.id == *id);
    if custodians.iter().all(known) { Ok(()) } else { Err(OperationError::CustodiansWanted) }
}

/// The name under which a share waits for its custodian.
fn share_name(id: MasterKeyId, number: u32) -> String {
    format!("share-{id}-{number}")
}

/// The name under which an open key is kept.
fn key_name(id: MasterKeyId) -> String {
    format!("key-{id}")
}

/// Every key with its shares, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations) -> Result<Vec<Ceremony>, OperationError> {
    let found = operations.records().read(|sql| {
        let mut all = Vec::new();
        for key in rows::list(sql)? {
            let shares = rows::shares(sql, key.id)?;
            all.push((key, shares));
        }
        Ok(all)
    });
    let now = operations.now();
    let with_brought = |(key, shares): (MasterKey, Vec<ShareRow>)| {
        let brought = operations.inner.brought_shares.numbers(key.id, now);
        Ceremony { key, shares, brought }
    };
    Ok(found.await?.into_iter().map(with_brought).collect())
}

/// A key with its shares.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn get(operations: &Operations, id: MasterKeyId) -> Result<Ceremony, OperationError> {
    let found = operations.records().read(move |sql| Ok((rows::get(sql, id)?, rows::shares(sql, id)?)));
    let (key, shares) = found.await?;
    let key = key.ok_or(OperationError::NotFound(Party::MasterKey))?;
    let brought = operations.inner.brought_shares.numbers(id, operations.now());
    Ok(Ceremony { key, shares, brought })
}

/// The share of this custodian, until they have typed it back.
///
/// # Errors
/// [`OperationError::NotPermitted`] for anybody else, [`OperationError::DecidedBefore`] afterwards, or what could not be
/// reached.
pub async fn own_share(
    operations: &Operations,
    custodian: PrincipalId,
    id: MasterKeyId,
) -> Result<Zeroizing<String>, OperationError> {
    let ceremony = get(operations, id).await?;
    let row = own_row(&ceremony, custodian)?;
    if ceremony.key.state != MasterKeyState::Sharing || row.kept_at.is_some() {
        return Err(OperationError::DecidedBefore);
    }
    let bytes = operations.key_keeper().get(&share_name(id, row.number))?;
    let share = bytes.and_then(|bytes| KeyShare::from_bytes(&bytes));
    share.map(|share| share.text()).ok_or(OperationError::DecidedBefore)
}

fn own_row(ceremony: &Ceremony, custodian: PrincipalId) -> Result<&ShareRow, OperationError> {
    ceremony.shares.iter().find(|row| row.custodian == custodian).ok_or(OperationError::NotPermitted)
}

/// The share as typed, where it is the one that this custodian was given.
fn typed_share(row: &ShareRow, typed: &str) -> Result<KeyShare, OperationError> {
    let share = KeyShare::read(typed).ok_or(OperationError::ShareRefused)?;
    let is_own = share.number() == row.number && share.fingerprint() == row.fingerprint;
    if is_own { Ok(share) } else { Err(OperationError::ShareRefused) }
}

/// The keys of a purpose that are open, with their versions, oldest first.
///
/// # Errors
/// What could not be reached.
pub(crate) async fn open_keys(
    operations: &Operations,
    purpose: Purpose,
) -> Result<Vec<(u32, Zeroizing<Vec<u8>>)>, OperationError> {
    let keys = operations.records().read(rows::list).await?;
    let is_open = |key: &&MasterKey| key.purpose == purpose.code() && key.state == MasterKeyState::Open;
    let mut open = Vec::new();
    for key in keys.iter().filter(is_open) {
        let secret = operations.key_keeper().get(&key_name(key.id))?;
        open.extend(secret.map(|secret| (key.version, secret)));
    }
    open.sort_by_key(|(version, _)| *version);
    Ok(open)
}

/// A custodian has written their share down, and types it back to show it: it is forgotten here. The last one ends the
/// sharing.
///
/// # Errors
/// [`OperationError::ShareRefused`], [`OperationError::NotPermitted`], [`OperationError::DecidedBefore`], or what could not
/// be reached.
pub async fn keep_share(
    operations: &Operations,
    custodian: PrincipalId,
    id: MasterKeyId,
    typed: &str,
) -> Result<(), OperationError> {
    let ceremony = get(operations, id).await?;
    let row = own_row(&ceremony, custodian)?;
    if ceremony.key.state != MasterKeyState::Sharing {
        return Err(OperationError::DecidedBefore);
    }
    typed_share(row, typed)?;
    // Forgotten first: a share that is noted as kept is nowhere else.
    operations.key_keeper().remove(&share_name(id, row.number))?;
    let now = operations.now();
    let written = operations.records().write(move |sql| {
        rows::note_kept(sql, id, custodian, now)?;
        let all_kept = rows::shares(sql, id)?.iter().all(|share| share.kept_at.is_some());
        Ok(all_kept && rows::change(sql, id, (MasterKeyState::Sharing, MasterKeyState::Shared), now)?)
    });
    let complete = written.await?;
    let details = [("share", row.number.to_string()), ("fingerprint", row.fingerprint.clone())];
    audit_log::note(operations, custodian, "key.share_kept", &id.to_string(), &details).await?;
    if complete {
        audit_log::note(operations, custodian, "key.shared", &id.to_string(), &[]).await?;
    }
    Ok(())
}

/// A custodian brings their share to open the key.
///
/// # Errors
/// [`OperationError::ShareRefused`], [`OperationError::NotPermitted`], [`OperationError::DecidedBefore`], or what could not
/// be reached.
pub async fn bring_share(
    operations: &Operations,
    custodian: PrincipalId,
    id: MasterKeyId,
    typed: &str,
) -> Result<Opening, OperationError> {
    let ceremony = get(operations, id).await?;
    let row = own_row(&ceremony, custodian)?;
    if ceremony.key.state != MasterKeyState::Shared {
        return Err(OperationError::DecidedBefore);
    }
    let share = typed_share(row, typed)?;
    let now = operations.now();
    let details = [("share", row.number.to_string())];
    audit_log::note(operations, custodian, "key.share_brought", &id.to_string(), &details).await?;
    let shares = operations.inner.brought_shares.add(id, now, share);
    if shares.len() < usize::from(THRESHOLD) {
        return Ok(Opening::Waiting);
    }
    let key = key_share::join(&shares).ok_or(OperationError::ShareRefused)?;
    if key_share::check_value(&key) != ceremony.key.check_value {
        return Err(OperationError::Inconsistent("shares that are right give a key that is not"));
    }
    operations.key_keeper().put(&key_name(id), &*key)?;
    let states = (MasterKeyState::Shared, MasterKeyState::Open);
    operations.records().write(move |sql| rows::change(sql, id, states, now)).await?;
    audit_log::note(operations, custodian, "key.opened", &id.to_string(), &[]).await?;
    Ok(Opening::Open)
}

/// Forgets an open key: two custodians have to come again.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::DecidedBefore`], or what could not be reached.
pub async fn close(operations: &Operations, by: PrincipalId, id: MasterKeyId) -> Result<(), OperationError> {
    leave(operations, by, id, (MasterKeyState::Open, MasterKeyState::Shared), "key.closed").await
}

/// Gives up a ceremony whose shares are not all kept, as when a custodian is not to be had.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::DecidedBefore`], or what could not be reached.
pub async fn abandon(
    operations: &Operations,
    by: PrincipalId,
    id: MasterKeyId,
) -> Result<(), OperationError> {
    leave(operations, by, id, (MasterKeyState::Sharing, MasterKeyState::Abandoned), "key.abandoned").await
}

async fn leave(
    operations: &Operations,
    by: PrincipalId,
    id: MasterKeyId,
    states: (MasterKeyState, MasterKeyState),
    action: &'static str,
) -> Result<(), OperationError> {
    duties::require(operations, by, Permission::Keys).await?;
    let ceremony = get(operations, id).await?;
    if ceremony.key.state != states.0 {
        return Err(OperationError::DecidedBefore);
    }
    let keeper = operations.key_keeper();
    keeper.remove(&key_name(id))?;
    for share in &ceremony.shares {
        keeper.remove(&share_name(id, share.number))?;
    }
    let now = operations.now();
    if !operations.records().write(move |sql| rows::change(sql, id, states, now)).await? {
        return Err(OperationError::DecidedBefore);
    }
    audit_log::note(operations, by, action, &id.to_string(), &[]).await
}
