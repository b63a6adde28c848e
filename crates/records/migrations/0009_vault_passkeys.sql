-- Passkeys that open a vault beside its PIN: wrapped_key opens only with what the passkey's authenticator computes (WebAuthn,
-- extension prf).
CREATE TABLE vault_passkeys (
    holder_id {bytes} NOT NULL REFERENCES vaults (holder_id),
    passkey_id {bytes} NOT NULL REFERENCES passkeys (id),
    wrapped_key {bytes} NOT NULL,
    created_at {integer} NOT NULL,
    CONSTRAINT vault_passkeys_passkey_id_key PRIMARY KEY (passkey_id)
) {strict};
