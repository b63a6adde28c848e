-- Codes that a holder shows to be charged by: only the hash of the digits is kept. Whether one was used, the ledger says.
CREATE TABLE payer_codes (
    token_hash {bytes} NOT NULL,
    holder_id {bytes} NOT NULL,
    currency TEXT NOT NULL,
    most {integer} NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    CONSTRAINT payer_codes_token_hash_key PRIMARY KEY (token_hash)
) {strict};

CREATE INDEX payer_codes_by_holder ON payer_codes (holder_id, created_at);

CREATE INDEX payer_codes_by_expiry ON payer_codes (expires_at);

-- Charges that wait for the payer to confirm them on the payer's own device. The id is that of the payment to be.
CREATE TABLE payer_charges (
    id {bytes} NOT NULL,
    holder_id {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    memo TEXT NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    rejected_at {integer},
    CONSTRAINT payer_charges_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX payer_charges_by_holder ON payer_charges (holder_id, expires_at);

CREATE INDEX payer_charges_by_expiry ON payer_charges (expires_at);

-- A holder's vault. wrapped_key opens only with what Argon2id makes of the holder's PIN and salt; of the reset code only
-- the hash is kept.
CREATE TABLE vaults (
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    salt {bytes} NOT NULL,
    wrapped_key {bytes} NOT NULL,
    reset_hash {bytes} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT vaults_holder_id_key PRIMARY KEY (holder_id)
) {strict};

-- What is in a vault, sealed: kind, name and words are all inside.
CREATE TABLE vault_items (
    id {bytes} NOT NULL,
    holder_id {bytes} NOT NULL REFERENCES vaults (holder_id),
    version {integer} NOT NULL,
    sealed {bytes} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT vault_items_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX vault_items_by_holder ON vault_items (holder_id, id);
