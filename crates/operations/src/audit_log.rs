//! The audit log: who did what to which thing and when.
//!
//! [`note`] appends before the answer is given, so that no answer is without its entry. The log's key signs a head after
//! each entry; the newest head is also given to a witness outside the records, so that a cut end is noticed.

use std::sync::Arc;

use ::audit_log::tree::{self, Frontier, Hash};
use ::audit_log::{Entry, HEAD_BYTES, Head, LogKey, LogPublicKey, Report, SignedHead, Stored};
use ledger::Timestamp;
use records::audit_log::{self as rows, AuditFilter, AuditRow, HeadRow, PLACE_TAKEN};
use records::{RecordsError, Sql};
use wallet::ids::PrincipalId;

use crate::{OperationError, Operations};

/// How often an append is tried again when another server took the place.
const TRIES: u32 = 8;

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who is logged in.
    Principal(PrincipalId),
    /// Nobody: the system by itself.
    System,
}

impl From<PrincipalId> for Actor {
    fn from(principal: PrincipalId) -> Self {
        Self::Principal(principal)
    }
}

impl Actor {
    fn words(self) -> String {
        match self {
            Self::Principal(principal) => principal.to_string(),
            Self::System => "system".to_owned(),
        }
    }
}

/// Keeps the newest head outside the records.
///
/// A head that the log no longer goes on from is never replaced: it is what tells that the log's end was cut off, also
/// after the log grew again.
pub trait HeadWitness: Send + Sync {
    /// The head that was kept last.
    fn newest(&self) -> Option<SignedHead>;
    /// Keeps this head. One that cannot be kept is no reason to stop: an older one still tells of a cut end.
    fn keep(&self, head: &SignedHead);
}

/// The key of the log and where its newest head is kept.
#[derive(Clone)]
pub struct LogKeeper {
    key: LogKey,
    witness: Option<Arc<dyn HeadWitness>>,
}

impl std::fmt::Debug for LogKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogKeeper")
    }
}

impl LogKeeper {
    /// A keeper with this key.
    #[must_use]
    pub fn new(key: LogKey, witness: Option<Arc<dyn HeadWitness>>) -> Self {
        Self { key, witness }
    }

    fn witnessed(&self) -> Option<SignedHead> {
        self.witness.as_ref().and_then(|witness| witness.newest())
    }
}

/// Writes one fact into the log and waits until it is durable. `action` is a code such as `rule.switched_on`; `details`
/// are names and values without secrets.
///
/// # Errors
/// What could not be reached.
pub async fn note(
    operations: &Operations,
    actor: impl Into<Actor>,
    action: &'static str,
    subject: &str,
    details: &[(&str, String)],
) -> Result<(), OperationError> {
    let fact = Fact::new(actor.into(), action, subject, details);
    let keeper = operations.log_keeper().clone();
    let mut tries = 0;
    let (signed, goes_on) = loop {
        let (fact, keeper, now) = (fact.clone(), keeper.clone(), operations.now());
        let appended = operations.records().write(move |sql| {
            let signed = append(sql, &keeper, &fact, now)?;
            Ok((signed, goes_on(sql, keeper.witnessed())?))
        });
        match appended.await {
            Err(RecordsError::Conflict(name)) if name == PLACE_TAKEN && tries < TRIES => tries += 1,
            appended => break appended?,
        }
    };
    if let Some(witness) = keeper.witness.filter(|_| goes_on) {
        witness.keep(&signed);
    }
    Ok(())
}

/// Whether the log still has the head that the witness saw.
fn goes_on(sql: &mut dyn Sql, witnessed: Option<SignedHead>) -> Result<bool, RecordsError> {
    let Some(witnessed) = witnessed else { return Ok(true) };
    let stored = rows::head(sql, witnessed.head.size)?;
    Ok(stored.is_some_and(|row| row.head == witnessed.to_bytes()))
}

/// One fact that is still to be written.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    actor: String,
    action: &'static str,
    subject: String,
    details: Vec<(String, String)>,
}

impl Fact {
    pub(crate) fn new(actor: Actor, action: &'static str, subject: &str, details: &[(&str, String)]) -> Self {
        let details = details.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Self { actor: actor.words(), action, subject: subject.to_owned(), details }
    }
}

/// Appends one fact within a job that writes something else as well.
pub(crate) fn append(
    sql: &mut dyn Sql,
    keeper: &LogKeeper,
    fact: &Fact,
    now: Timestamp,
) -> Result<SignedHead, RecordsError> {
    let mut frontier = match rows::newest_head(sql)? {
        None => Frontier::default(),
        Some(row) => Frontier::from_bytes(row.size, &row.frontier)
            .ok_or_else(|| RecordsError::Unreadable("frontier of the audit log".to_owned()))?,
    };
    let details: Vec<(&str, String)> =
        fact.details.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let place = frontier.size();
    let entry = Entry::new((place, now), &fact.actor, fact.action, &fact.subject, &details);
    let stored = Stored::from(&entry);
    frontier.push(tree::leaf_hash(&stored.body));
    let signed = keeper.key.sign(Head { size: frontier.size(), at: now, root: frontier.root() });
    let head =
        HeadRow { size: frontier.size(), head: signed.to_bytes().to_vec(), frontier: frontier.to_bytes() };
    rows::append(sql, &row(stored), &head)?;
    Ok(signed)
}

fn row(stored: Stored) -> AuditRow {
    let Stored { index, at, actor, action, subject, body } = stored;
    AuditRow { place: index, at, actor, action, subject, body }
}

fn stored(row: AuditRow) -> Stored {
    let AuditRow { place, at, actor, action, subject, body } = row;
    Stored { index: place, at, actor, action, subject, body }
}

fn signed(row: &HeadRow) -> Result<SignedHead, RecordsError> {
    let bytes: &[u8; HEAD_BYTES] = row
        .head
        .as_slice()
        .try_into()
        .map_err(|_| RecordsError::Unreadable(format!("audit head {} has another length", row.size)))?;
    Ok(SignedHead::from_bytes(bytes))
}

/// The log with everything that follows from it, as stored.
#[derive(Clone, Debug)]
pub struct WholeLog {
    /// Every entry, in order of its place.
    pub entries: Vec<Stored>,
    /// Every head, in order of its size.
    pub heads: Vec<SignedHead>,
}

/// Reads the whole log.
///
/// # Errors
/// What the database says.
pub fn read_whole(sql: &mut dyn Sql) -> Result<WholeLog, RecordsError> {
    let (entries, heads) = rows::whole(sql)?;
    Ok(WholeLog {
        entries: entries.into_iter().map(stored).collect(),
        heads: heads.iter().map(signed).collect::<Result<_, _>>()?,
    })
}

/// Checks the whole log: places, canonical forms, signed heads, and that it goes on from what the witness saw.
///
/// # Errors
/// What could not be reached.
pub async fn check(operations: &Operations) -> Result<Report, OperationError> {
    // Before the log is read: what is written meanwhile may be newer than what was read.
    let witnessed = operations.log_keeper().witnessed();
    let whole = operations.records().read(read_whole).await?;
    let key = public_key(operations);
    Ok(::audit_log::check(&whole.entries, &whole.heads, &key, &witnessed))
}

/// The key that heads are verified with.
#[must_use]
pub fn public_key(operations: &Operations) -> LogPublicKey {
    operations.log_keeper().key.public()
}

/// Entries that pass the filter, newest first, at most `limit`. What is not in canonical form is left out; a check finds
/// it.
///
/// # Errors
/// What could not be reached.
pub async fn search(
    operations: &Operations,
    filter: AuditFilter,
    limit: u32,
) -> Result<Vec<Entry>, OperationError> {
    let rows = operations.records().read(move |sql| rows::search(sql, &filter, limit)).await?;
    Ok(rows.iter().filter_map(|row| Entry::from_bytes(&row.body).ok()).collect())
}

/// That an entry is in the log: what somebody needs who has the log's public key and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The entry.
    pub entry: Entry,
    /// Its leaf hash.
    pub leaf: Hash,
    /// The hashes that lead from the leaf to the root.
    pub path: Vec<Hash>,
    /// The newest head.
    pub head: SignedHead,
    /// The hashes that show that the newest tree begins with that of the entry's own head.
    pub consistency: Vec<Hash>,
    /// Whether path, consistency and signature verify.
    pub verifies: bool,
}

/// The proof for the entry at `place`. Nothing where there is no such entry.
///
/// # Errors
/// What could not be reached.
pub async fn proof(operations: &Operations, place: u64) -> Result<Option<Proof>, OperationError> {
    let whole = operations.records().read(read_whole).await?;
    Ok(prove(&whole, place, &public_key(operations)))
}

fn prove(whole: &WholeLog, place: u64, key: &LogPublicKey) -> Option<Proof> {
    let index = usize::try_from(place).ok()?;
    let leaves: Vec<Hash> = whole.entries.iter().map(|stored| tree::leaf_hash(&stored.body)).collect();
    let entry = Entry::from_bytes(&whole.entries.get(index)?.body).ok()?;
    let (leaf, head) = (*leaves.get(index)?, *whole.heads.last()?);
    let path = tree::inclusion_proof(&leaves, index)?;
    let consistency = tree::consistency_proof(&leaves, index.checked_add(1)?)?;
    let (size, root) = (head.head.size, &head.head.root);
    let own = whole.heads.get(index)?;
    let verifies = key.verify(&head).is_ok()
        && tree::proves_inclusion(&leaf, place, size, &path, root)
        && tree::proves_consistency((own.head.size, &own.head.root), (size, root), &consistency);
    Some(Proof { entry, leaf, path, head, consistency, verifies })
}
