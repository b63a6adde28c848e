-- Ids are UUID: sixteen bytes compared from the left, which is the order of the 128-bit numbers.
-- Amounts are NUMERIC: a few bytes where the amount is small, any 128-bit number where it is not, and sums in SQL.
-- Unsigned 64-bit and 32-bit fields are stored with the same bits as BIGINT and INTEGER. Absent ids are NULL.

-- One row. Whoever holds its lock decides: all batches of all servers stand in the order of this lock.
CREATE TABLE ledger_clock (
    one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
    round BIGINT NOT NULL,
    last_timestamp BIGINT NOT NULL,
    last_account_timestamp BIGINT NOT NULL,
    last_transfer_timestamp BIGINT NOT NULL,
    -- No pending transfer expires before this.
    next_expiry BIGINT NOT NULL
) WITH (fillfactor = 10);

INSERT INTO ledger_clock (round, last_timestamp, last_account_timestamp, last_transfer_timestamp, next_expiry)
VALUES (0, 0, 0, 0, 9223372036854775807);

CREATE TABLE ledger_accounts (
    id UUID PRIMARY KEY,
    timestamp BIGINT NOT NULL UNIQUE,
    user_data_64 BIGINT NOT NULL,
    user_data_32 INTEGER NOT NULL,
    ledger INTEGER NOT NULL,
    code INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    debits_pending NUMERIC NOT NULL,
    debits_posted NUMERIC NOT NULL,
    credits_pending NUMERIC NOT NULL,
    credits_posted NUMERIC NOT NULL,
    user_data_128 UUID
) WITH (fillfactor = 50);

CREATE TABLE ledger_transfers (
    id UUID PRIMARY KEY,
    debit_account_id UUID NOT NULL,
    credit_account_id UUID NOT NULL,
    timestamp BIGINT NOT NULL,
    user_data_64 BIGINT NOT NULL,
    user_data_32 INTEGER NOT NULL,
    timeout INTEGER NOT NULL,
    ledger INTEGER NOT NULL,
    code INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    amount NUMERIC NOT NULL,
    pending_id UUID,
    user_data_128 UUID,
    -- The balances of each account just after the transfer, where it keeps a history: debits pending, debits posted,
    -- credits pending, credits posted; of each its length in bytes, then those bytes, most significant first.
    debit_balances BYTEA,
    credit_balances BYTEA
);

CREATE INDEX ledger_transfers_debit ON ledger_transfers (debit_account_id, timestamp);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (credit_account_id, timestamp);
-- Rows lie in order of time, so one entry for each range of pages finds a moment.
CREATE INDEX ledger_transfers_timestamp ON ledger_transfers USING brin (timestamp) WITH (autosummarize = on);

-- What became of each pending transfer: 0 pending, 1 posted, 2 voided, 3 expired.
CREATE TABLE ledger_pendings (
    id UUID PRIMARY KEY,
    timestamp BIGINT NOT NULL,
    expires_at BIGINT,
    status SMALLINT NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX ledger_pendings_due ON ledger_pendings (expires_at, timestamp) WHERE status = 0 AND expires_at IS NOT NULL;

-- Ids of transfers that failed for a passing reason and will never succeed.
CREATE TABLE ledger_failed (
    id UUID PRIMARY KEY,
    timestamp BIGINT NOT NULL
);
