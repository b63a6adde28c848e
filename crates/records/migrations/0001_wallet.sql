-- Ids are 16 bytes, moments are nanoseconds since 1970, amounts are minor units, states and kinds are text codes.
-- Unique constraints carry the name PostgreSQL would give them, because callers see it when a value is taken.

CREATE TABLE meta (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT meta_name_key PRIMARY KEY (name)
) {strict};

CREATE TABLE merchants (
    id {bytes} NOT NULL,
    code TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    category TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT merchants_id_key PRIMARY KEY (id),
    CONSTRAINT merchants_code_key UNIQUE (code)
) {strict};

-- Holders, merchant staff and operators. Login is lower case. password_hash is NULL where nobody may log in.
CREATE TABLE principals (
    id {bytes} NOT NULL,
    role TEXT NOT NULL,
    login TEXT NOT NULL,
    phone TEXT,
    name TEXT NOT NULL,
    latin_name TEXT,
    language TEXT NOT NULL,
    theme TEXT NOT NULL,
    status TEXT NOT NULL,
    password_hash TEXT,
    merchant_id {bytes} REFERENCES merchants (id),
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT principals_id_key PRIMARY KEY (id),
    CONSTRAINT principals_login_key UNIQUE (login),
    CONSTRAINT principals_phone_key UNIQUE (phone),
    CHECK ((role = 'merchant_staff') = (merchant_id IS NOT NULL))
) {strict};

CREATE INDEX principals_by_merchant ON principals (merchant_id) WHERE merchant_id IS NOT NULL;

-- token_hash is all that is kept of the cookie.
CREATE TABLE sessions (
    id {bytes} NOT NULL,
    token_hash {bytes} NOT NULL,
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at {integer} NOT NULL,
    seen_at {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    revoked_at {integer},
    CONSTRAINT sessions_id_key PRIMARY KEY (id),
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash)
) {strict};

CREATE INDEX sessions_by_principal ON sessions (principal_id, seen_at);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Failed logins of a login name or an address, within a window of time.
CREATE TABLE login_throttle (
    subject TEXT NOT NULL,
    failures {integer} NOT NULL,
    first_failure_at {integer} NOT NULL,
    last_failure_at {integer} NOT NULL,
    CONSTRAINT login_throttle_subject_key PRIMARY KEY (subject)
) {strict};

CREATE INDEX login_throttle_by_age ON login_throttle (last_failure_at);

CREATE TABLE wallets (
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT wallets_holder_id_currency_key PRIMARY KEY (holder_id, currency)
) {strict};

CREATE TABLE banks (
    id {bytes} NOT NULL,
    code TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    created_at {integer} NOT NULL,
    CONSTRAINT banks_id_key PRIMARY KEY (id),
    CONSTRAINT banks_code_key UNIQUE (code)
) {strict};

-- Bank cards bound to a holder. The token is the bank's word for the card; its number is not kept.
CREATE TABLE cards (
    id {bytes} NOT NULL,
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    bank_id {bytes} NOT NULL REFERENCES banks (id),
    token TEXT NOT NULL,
    brand TEXT NOT NULL,
    masked_number TEXT NOT NULL,
    label TEXT NOT NULL,
    expiry_year {integer} NOT NULL,
    expiry_month {integer} NOT NULL,
    state TEXT NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    deleted_at {integer},
    CONSTRAINT cards_id_key PRIMARY KEY (id),
    CHECK (expiry_month BETWEEN 1 AND 12)
) {strict};

CREATE INDEX cards_by_holder ON cards (holder_id, created_at);

CREATE UNIQUE INDEX cards_holder_id_token_key ON cards (holder_id, token) WHERE deleted_at IS NULL;

-- Keys of the HTTP API: only the hash is kept.
CREATE TABLE api_keys (
    id {bytes} NOT NULL,
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    key_hash {bytes} NOT NULL,
    label TEXT NOT NULL,
    created_at {integer} NOT NULL,
    used_at {integer},
    revoked_at {integer},
    CONSTRAINT api_keys_id_key PRIMARY KEY (id),
    CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash)
) {strict};

CREATE INDEX api_keys_by_principal ON api_keys (principal_id, created_at);

-- Every movement of value, from intent to outcome. seq is the order of history. No foreign keys: this is the hot path,
-- nothing it names is ever deleted, and on PostgreSQL each key would lock a shared row for every payment.
CREATE TABLE operations (
    seq {sequence},
    id {bytes} NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    payer_id {bytes},
    payee_id {bytes},
    merchant_id {bytes},
    card_id {bytes},
    parent_id {bytes},
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    memo TEXT NOT NULL,
    fingerprint {bytes} NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT operations_id_key UNIQUE (id)
) {strict};

CREATE INDEX operations_by_payer ON operations (payer_id, seq) WHERE payer_id IS NOT NULL;

CREATE INDEX operations_by_payee ON operations (payee_id, seq) WHERE payee_id IS NOT NULL;

CREATE INDEX operations_by_merchant ON operations (merchant_id, created_at) WHERE merchant_id IS NOT NULL;

CREATE INDEX operations_by_parent ON operations (parent_id) WHERE parent_id IS NOT NULL;

CREATE INDEX operations_by_card ON operations (card_id) WHERE card_id IS NOT NULL;

CREATE INDEX operations_by_time ON operations (created_at);

CREATE INDEX operations_open ON operations (seq) WHERE state IN ('started', 'unknown');
