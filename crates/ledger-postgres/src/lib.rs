//! The ledger engine on PostgreSQL.
