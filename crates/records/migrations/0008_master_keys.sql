-- Master keys and who holds a share of each. No key and no share stands here: only what proves that one is the right one.
CREATE TABLE master_keys (
    id {bytes} NOT NULL,
    purpose TEXT NOT NULL,
    version {integer} NOT NULL,
    state TEXT NOT NULL,
    check_value TEXT NOT NULL,
    begun_by {bytes} NOT NULL REFERENCES principals (id),
    begun_at {integer} NOT NULL,
    changed_at {integer} NOT NULL,
    CONSTRAINT master_keys_id_key PRIMARY KEY (id),
    CONSTRAINT master_keys_version_key UNIQUE (purpose, version)
) {strict};

CREATE TABLE key_shares (
    key_id {bytes} NOT NULL REFERENCES master_keys (id),
    number {integer} NOT NULL,
    custodian {bytes} NOT NULL REFERENCES principals (id),
    fingerprint TEXT NOT NULL,
    kept_at {integer},
    CONSTRAINT key_shares_number_key PRIMARY KEY (key_id, number),
    CONSTRAINT key_shares_custodian_key UNIQUE (key_id, custodian)
) {strict};
