//! The conformance suite on PostgreSQL.

use ledger_postgres::PostgresEngine;

ledger::conformance_suite!(PostgresEngine::connect(&postgres_cluster::test_schema()).unwrap());
