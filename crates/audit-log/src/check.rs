use core::fmt;

use ledger::Timestamp;

use crate::tree::{self, Hash};
use crate::{Entry, LogPublicKey, SignedHead};

/// An entry as a store has it: its bytes, and the columns that it is searched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the log, counted from 0.
    pub index: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Who acted.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// [`Entry::to_bytes`].
    pub body: Vec<u8>,
}

impl From<&Entry> for Stored {
    fn from(entry: &Entry) -> Self {
        Self {
            index: entry.index,
            at: entry.at,
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            body: entry.to_bytes(),
        }
    }
}

/// A head that was kept outside the store of the log: what tells that the end of the log was cut off.
pub type Witness = Option<SignedHead>;

/// One thing that is wrong with a stored log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The entry that should be here is not: it was removed, moved or renumbered.
    OutOfPlace {
        /// The place, counted from 0.
        place: u64,
    },
    /// The bytes of the entry are not in canonical form.
    Malformed {
        /// The place, counted from 0.
        place: u64,
    },
    /// The columns of the entry say something else than its bytes.
    ColumnsDiffer {
        /// The place, counted from 0.
        place: u64,
    },
    /// The head's signature is not the log's.
    BadSignature {
        /// The size that the head speaks of.
        size: u64,
    },
    /// The head's root is not that of the entries: one of the first `size` was changed.
    RootDiffers {
        /// The size that the head speaks of.
        size: u64,
    },
    /// The head that should be here is not.
    HeadMissing {
        /// The size that it should speak of.
        size: u64,
    },
    /// There is a head for more entries than there are: the end of the log was cut off.
    CutOff {
        /// The size that the head speaks of.
        size: u64,
    },
    /// The tree does not begin with the tree that the witness saw.
    NotConsistent {
        /// The size that the witness saw.
        size: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfPlace { place } => write!(f, "entry {place}: missing, moved or renumbered"),
            Self::Malformed { place } => write!(f, "entry {place}: not in canonical form"),
            Self::ColumnsDiffer { place } => write!(f, "entry {place}: columns and content differ"),
            Self::BadSignature { size } => write!(f, "head {size}: signature is not the log's"),
            Self::RootDiffers { size } => write!(f, "head {size}: an entry before it was changed"),
            Self::HeadMissing { size } => write!(f, "head {size}: missing"),
            Self::CutOff { size } => write!(f, "head {size}: the log is shorter than that"),
            Self::NotConsistent { size } => {
                write!(f, "witness {size}: the log no longer begins with what it saw")
            }
        }
    }
}

/// What a check saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many entries.
    pub entries: u64,
    /// How many heads.
    pub heads: u64,
    /// The root over all entries.
    pub root: Hash,
    /// What is wrong, in order of the log.
    pub findings: Vec<Finding>,
}

/// Checks a whole log: every entry in its place and in canonical form, one signed head for every entry, each over the
/// entries before it, and all of it an extension of what the witness saw.
#[must_use]
pub fn check(entries: &[Stored], heads: &[SignedHead], key: &LogPublicKey, witness: &Witness) -> Report {
    let mut report = Report { root: tree::empty_root(), ..Report::default() };
    let leaves = check_entries(entries, &mut report);
    check_heads(&leaves, heads, key, &mut report);
    if let Some(witness) = witness {
        check_witness(&leaves, witness, key, &mut report);
    }
    report
}

fn check_entries(entries: &[Stored], report: &mut Report) -> Vec<Hash> {
    for (place, stored) in (0..).zip(entries) {
        if stored.index != place {
            report.findings.push(Finding::OutOfPlace { place });
        }
        match Entry::from_bytes(&stored.body) {
            Err(_) => report.findings.push(Finding::Malformed { place }),
            Ok(entry) if entry.index != place => report.findings.push(Finding::OutOfPlace { place }),
            Ok(entry) if Stored::from(&entry) != *stored => {
                report.findings.push(Finding::ColumnsDiffer { place });
            }
            Ok(_) => {}
        }
        report.entries += 1;
    }
    entries.iter().map(|stored| tree::leaf_hash(&stored.body)).collect()
}

fn check_heads(leaves: &[Hash], heads: &[SignedHead], key: &LogPublicKey, report: &mut Report) {
    let mut frontier = tree::Frontier::default();
    let mut expected = heads.iter().peekable();
    for leaf in leaves {
        frontier.push(*leaf);
        let size = frontier.size();
        match expected.next_if(|signed| signed.head.size == size) {
            None => report.findings.push(Finding::HeadMissing { size }),
            Some(signed) => {
                report.heads += 1;
                if key.verify(signed).is_err() {
                    report.findings.push(Finding::BadSignature { size });
                }
                if signed.head.root != frontier.root() {
                    report.findings.push(Finding::RootDiffers { size });
                }
            }
        }
    }
    report.findings.extend(expected.map(|signed| Finding::CutOff { size: signed.head.size }));
    report.root = frontier.root();
}

fn check_witness(leaves: &[Hash], witness: &SignedHead, key: &LogPublicKey, report: &mut Report) {
    let size = witness.head.size;
    if key.verify(witness).is_err() {
        report.findings.push(Finding::BadSignature { size });
    }
    let Some(old) = usize::try_from(size).ok().filter(|old| *old <= leaves.len()) else {
        return report.findings.push(Finding::CutOff { size });
    };
    let Some(proof) = tree::consistency_proof(leaves, old) else { return };
    let whole = (report.entries, &report.root);
    if !tree::proves_consistency((size, &witness.head.root), whole, &proof) {
        report.findings.push(Finding::NotConsistent { size });
    }
}
