//! The embedded ledger engine: journal, snapshots, indexes, recovery.
