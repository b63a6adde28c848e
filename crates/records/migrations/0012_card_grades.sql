-- Credit grades of card purses: every version that was ever signed for a card, and for ever. The newest one counts.
CREATE TABLE card_grades (
    asn {bytes} NOT NULL REFERENCES card_purses (asn),
    version {integer} NOT NULL,
    level {integer} NOT NULL,
    score {integer} NOT NULL,
    currency TEXT NOT NULL,
    due_max {integer} NOT NULL,
    expiry {bytes} NOT NULL,
    changed_at {integer} NOT NULL,
    granted_at {integer} NOT NULL,
    borne_at {integer},
    CONSTRAINT card_grades_key PRIMARY KEY (asn, version)
) {strict};

-- How well the operator knows who a holder is: what was checked last. The audit log has what was before.
CREATE TABLE identity_checks (
    holder_id {bytes} NOT NULL,
    identity TEXT NOT NULL,
    checked_by {bytes} NOT NULL,
    checked_at {integer} NOT NULL,
    CONSTRAINT identity_checks_key PRIMARY KEY (holder_id)
) {strict};
