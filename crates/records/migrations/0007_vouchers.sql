-- Vouchers that merchants sell at their desks. Of the code only its hash is kept. Whether a voucher is worth something is
-- for the ledger to say; the state here is what it said last.
CREATE TABLE vouchers (
    id {bytes} NOT NULL,
    code_hash {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    sold_by {bytes} NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    last_four TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT vouchers_id_key PRIMARY KEY (id),
    CONSTRAINT vouchers_code_hash_key UNIQUE (code_hash)
) {strict};

CREATE INDEX vouchers_by_merchant ON vouchers (merchant_id, created_at);
