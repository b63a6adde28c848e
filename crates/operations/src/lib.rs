//! Durable wallet operations: where ledger, records and bank meet.
