-- Parts of split sales that holders' wallets owe. The ledger says what was advanced to sellers and what was collected; here
-- stands which sale each part is of, and how far it came.
CREATE TABLE card_dues (
    id {bytes} NOT NULL,
    asn {bytes} NOT NULL REFERENCES card_purses (asn),
    order_id {bytes} NOT NULL,
    sequence {integer} NOT NULL,
    key_version {integer} NOT NULL,
    algorithm {integer} NOT NULL,
    holder_id {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL,
    terminal {bytes} NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    state TEXT NOT NULL,
    attempt {integer} NOT NULL,
    operation_id {bytes},
    owed_since {integer} NOT NULL,
    collected_at {integer},
    is_listed {integer} NOT NULL,
    CONSTRAINT card_dues_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX card_dues_by_card ON card_dues (asn, sequence);
CREATE INDEX card_dues_by_holder ON card_dues (holder_id, owed_since);
CREATE INDEX card_dues_owed ON card_dues (id) WHERE state = 'owed';
CREATE INDEX card_dues_listed ON card_dues (asn, sequence) WHERE is_listed = 1;
