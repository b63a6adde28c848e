-- How people prove who they are, besides the password. Of secrets only hashes are kept, but for the secret behind one-time
-- passwords, which both sides must know.

-- locked_at: nothing goes before the session is unlocked. authenticated_at: when it last proved everything that log-in asks.
ALTER TABLE sessions ADD COLUMN locked_at {integer};

ALTER TABLE sessions ADD COLUMN authenticated_at {integer} NOT NULL DEFAULT 0;

-- public_key is the uncompressed point of the ES256 key; rp_id the host that the passkey belongs to.
CREATE TABLE passkeys (
    id {bytes} NOT NULL,
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    credential_id {bytes} NOT NULL,
    rp_id TEXT NOT NULL,
    public_key {bytes} NOT NULL,
    sign_count {integer} NOT NULL,
    name TEXT NOT NULL,
    created_at {integer} NOT NULL,
    used_at {integer},
    CONSTRAINT passkeys_id_key PRIMARY KEY (id),
    CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id)
) {strict};

CREATE INDEX passkeys_by_principal ON passkeys (principal_id, created_at);

-- What an authenticator was asked to sign. Whoever deletes the row has used it.
CREATE TABLE passkey_challenges (
    challenge {bytes} NOT NULL,
    purpose TEXT NOT NULL,
    principal_id {bytes},
    expires_at {integer} NOT NULL,
    CONSTRAINT passkey_challenges_challenge_key PRIMARY KEY (challenge)
) {strict};

CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);

-- The PIN that confirms payments. failures counts attempts since the last good one.
CREATE TABLE payment_pins (
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    pin_hash TEXT NOT NULL,
    failures {integer} NOT NULL,
    locked_until {integer} NOT NULL,
    changed_at {integer} NOT NULL,
    CONSTRAINT payment_pins_principal_id_key PRIMARY KEY (principal_id)
) {strict};

-- One-time passwords of RFC 6238. confirmed_at is NULL until the holder has typed a first code; last_step is the time step
-- of the newest code that was used, so that each is used once.
CREATE TABLE one_time_passwords (
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    secret {bytes} NOT NULL,
    last_step {integer} NOT NULL,
    created_at {integer} NOT NULL,
    confirmed_at {integer},
    CONSTRAINT one_time_passwords_principal_id_key PRIMARY KEY (principal_id)
) {strict};

CREATE TABLE recovery_codes (
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    code_hash {bytes} NOT NULL,
    created_at {integer} NOT NULL,
    used_at {integer},
    CONSTRAINT recovery_codes_principal_id_code_hash_key PRIMARY KEY (principal_id, code_hash)
) {strict};

-- Somebody who gave the right password and still owes the second factor.
CREATE TABLE half_log_ins (
    token_hash {bytes} NOT NULL,
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    expires_at {integer} NOT NULL,
    CONSTRAINT half_log_ins_token_hash_key PRIMARY KEY (token_hash)
) {strict};

CREATE INDEX half_log_ins_by_expiry ON half_log_ins (expires_at);

-- Devices that somebody logged in from before: strangers' failures do not slow them down.
CREATE TABLE known_devices (
    token_hash {bytes} NOT NULL,
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    device TEXT NOT NULL,
    created_at {integer} NOT NULL,
    seen_at {integer} NOT NULL,
    CONSTRAINT known_devices_token_hash_principal_id_key PRIMARY KEY (token_hash, principal_id)
) {strict};

CREATE INDEX known_devices_by_principal ON known_devices (principal_id, seen_at);

-- What a payer must prove before a risky operation. It stands for exactly this payee and amount; operation_id is what it
-- was used for, once.
CREATE TABLE step_up_challenges (
    id {bytes} NOT NULL,
    payer_id {bytes} NOT NULL,
    payee_id {bytes} NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    proven_at {integer},
    proven_by TEXT,
    operation_id {bytes},
    CONSTRAINT step_up_challenges_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX step_up_challenges_by_expiry ON step_up_challenges (expires_at);
