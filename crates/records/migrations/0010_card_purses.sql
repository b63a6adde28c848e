-- Card purses. Whether value moves is for the ledger to say; here stands what the issuer knows of each card, which decides
-- what it asks of the ledger. A row has a revision: whoever writes another than was read writes nothing.
CREATE TABLE issue_batches (
    id {bytes} NOT NULL,
    currency TEXT NOT NULL,
    label TEXT NOT NULL,
    first_number {integer} NOT NULL,
    cards {integer} NOT NULL,
    key_version {integer} NOT NULL,
    valid_from {integer} NOT NULL,
    valid_until {integer} NOT NULL,
    made_by {bytes} NOT NULL,
    made_at {integer} NOT NULL,
    CONSTRAINT issue_batches_id_key PRIMARY KEY (id),
    CONSTRAINT issue_batches_first_number_key UNIQUE (first_number)
) {strict};

CREATE TABLE card_purses (
    asn {bytes} NOT NULL,
    issuer {bytes} NOT NULL,
    issue_batch {bytes} NOT NULL REFERENCES issue_batches (id),
    currency TEXT NOT NULL,
    holder_id {bytes},
    code_attempts {integer} NOT NULL,
    own {integer} NOT NULL,
    excess {integer} NOT NULL,
    excess_since {integer},
    listed TEXT,
    listed_since {integer},
    is_closed {integer} NOT NULL,
    online_sequence {integer} NOT NULL,
    online {bytes} NOT NULL,
    moved {bytes} NOT NULL,
    postings {bytes},
    last_seen {integer},
    revision {integer} NOT NULL,
    CONSTRAINT card_purses_asn_key PRIMARY KEY (asn)
) {strict};

CREATE INDEX card_purses_by_batch ON card_purses (issue_batch, asn);
CREATE INDEX card_purses_by_holder ON card_purses (holder_id, asn) WHERE holder_id IS NOT NULL;
CREATE INDEX card_purses_listed ON card_purses (asn) WHERE listed IS NOT NULL;
CREATE INDEX card_purses_in_doubt ON card_purses (asn) WHERE LENGTH(online) > 0;

-- What terminals said of each offline sequence of a card.
CREATE TABLE card_places (
    asn {bytes} NOT NULL,
    sequence {integer} NOT NULL,
    content {bytes} NOT NULL,
    terminal {bytes},
    terminal_transaction {integer},
    amount {integer} NOT NULL,
    happened_at {integer} NOT NULL,
    is_open {integer} NOT NULL,
    CONSTRAINT card_places_key PRIMARY KEY (asn, sequence)
) {clustered};

CREATE INDEX card_places_by_number ON card_places (terminal, terminal_transaction) WHERE terminal IS NOT NULL;
CREATE INDEX card_places_open ON card_places (asn) WHERE is_open = 1;

-- Transfers that were decided, until the ledger has made them.
CREATE TABLE card_postings (
    id {bytes} NOT NULL,
    transfers {bytes} NOT NULL,
    decided_at {integer} NOT NULL,
    CONSTRAINT card_postings_id_key PRIMARY KEY (id)
) {strict};

CREATE TABLE load_orders (
    id {bytes} NOT NULL,
    asn {bytes} NOT NULL REFERENCES card_purses (asn),
    holder_id {bytes} NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    state TEXT NOT NULL,
    attempt {integer} NOT NULL,
    operation_id {bytes},
    ordered_at {integer} NOT NULL,
    changed_at {integer} NOT NULL,
    CONSTRAINT load_orders_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX load_orders_by_card ON load_orders (asn, ordered_at);
CREATE INDEX load_orders_by_operation ON load_orders (operation_id) WHERE operation_id IS NOT NULL;

-- Which card an operation of history is of.
CREATE TABLE card_operations (
    operation_id {bytes} NOT NULL,
    asn {bytes} NOT NULL,
    CONSTRAINT card_operations_key PRIMARY KEY (operation_id)
) {strict};

CREATE INDEX card_operations_by_card ON card_operations (asn);

CREATE TABLE terminals (
    id {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    label TEXT NOT NULL,
    public_key {bytes} NOT NULL,
    is_blocked {integer} NOT NULL,
    registered_at {integer} NOT NULL,
    last_seen {integer},
    status_version {integer} NOT NULL,
    white_version {integer} NOT NULL,
    parameters_version {integer} NOT NULL,
    CONSTRAINT terminals_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX terminals_by_merchant ON terminals (merchant_id, id);

CREATE TABLE card_uploads (
    terminal {bytes} NOT NULL REFERENCES terminals (id),
    number {integer} NOT NULL,
    link {bytes} NOT NULL,
    records {integer} NOT NULL,
    done {integer} NOT NULL,
    unknown {integer} NOT NULL,
    cancelled {integer} NOT NULL,
    clock {integer} NOT NULL,
    uploaded_at {integer} NOT NULL,
    accepted {integer} NOT NULL,
    already_known {integer} NOT NULL,
    refused {integer} NOT NULL,
    receipt {bytes},
    CONSTRAINT card_uploads_key PRIMARY KEY (terminal, number)
) {strict};

CREATE TABLE card_refusals (
    terminal {bytes} NOT NULL,
    number {integer} NOT NULL,
    place {integer} NOT NULL,
    asn {bytes} NOT NULL,
    record {bytes} NOT NULL,
    reason {integer} NOT NULL,
    refused_at {integer} NOT NULL,
    CONSTRAINT card_refusals_key PRIMARY KEY (terminal, number, place)
) {strict};

CREATE INDEX card_refusals_by_time ON card_refusals (refused_at);

-- What a person should see of a card.
CREATE TABLE card_findings (
    asn {bytes} NOT NULL,
    sequence {integer} NOT NULL,
    finding TEXT NOT NULL,
    found_at {integer} NOT NULL,
    CONSTRAINT card_findings_key PRIMARY KEY (asn, sequence, finding)
) {strict};

CREATE INDEX card_findings_by_time ON card_findings (found_at);

CREATE TABLE card_lists (
    list TEXT NOT NULL,
    version {integer} NOT NULL,
    content {bytes} NOT NULL,
    issued_at {integer} NOT NULL,
    CONSTRAINT card_lists_key PRIMARY KEY (list, version)
) {strict};
