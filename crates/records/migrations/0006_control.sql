-- The audit log. The columns repeat what the body says, so that it can be searched; the body is what the tree is over.
CREATE TABLE audit_entries (
    place {integer} NOT NULL,
    at {integer} NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    body {bytes} NOT NULL,
    CONSTRAINT audit_entries_place_key PRIMARY KEY (place)
) {strict};

CREATE INDEX audit_entries_by_subject ON audit_entries (subject, place);

CREATE INDEX audit_entries_by_actor ON audit_entries (actor, place);

-- One signed head for every entry; the frontier is what the next append begins with.
CREATE TABLE audit_heads (
    size {integer} NOT NULL,
    head {bytes} NOT NULL,
    frontier {bytes} NOT NULL,
    CONSTRAINT audit_heads_size_key PRIMARY KEY (size)
) {strict};

-- Rules of risk, and every version that there was of them.
CREATE TABLE risk_rules (
    id {bytes} NOT NULL,
    version {integer} NOT NULL,
    name TEXT NOT NULL,
    outcome TEXT NOT NULL,
    conditions TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id {bytes} NOT NULL,
    at {integer} NOT NULL,
    CONSTRAINT risk_rules_id_version_key PRIMARY KEY (id, version)
) {strict};

-- What rules decided about an operation, where they did not simply allow it.
CREATE TABLE risk_decisions (
    operation_id {bytes} NOT NULL,
    outcome TEXT NOT NULL,
    reasons TEXT NOT NULL,
    at {integer} NOT NULL,
    CONSTRAINT risk_decisions_operation_id_key PRIMARY KEY (operation_id)
) {strict};

-- Operations that wait, or waited, for a person's decision.
CREATE TABLE reviews (
    operation_id {bytes} NOT NULL,
    state TEXT NOT NULL,
    decided_by {bytes},
    reason TEXT NOT NULL,
    created_at {integer} NOT NULL,
    deadline {integer} NOT NULL,
    decided_at {integer},
    CONSTRAINT reviews_operation_id_key PRIMARY KEY (operation_id)
) {strict};

CREATE INDEX reviews_waiting ON reviews (created_at) WHERE state = 'waiting';

-- The black list as its changes: what was added and not removed since is on it.
CREATE TABLE black_list_changes (
    version {integer} NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    listed {integer} NOT NULL,
    reason TEXT NOT NULL,
    author_id {bytes} NOT NULL,
    at {integer} NOT NULL,
    CONSTRAINT black_list_changes_version_key PRIMARY KEY (version)
) {strict};

-- What one person asked for and another has to approve. The payload is one canonical text for each action.
CREATE TABLE approvals (
    id {bytes} NOT NULL,
    action TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    maker_id {bytes} NOT NULL,
    maker_reason TEXT NOT NULL,
    checker_id {bytes},
    checker_reason TEXT NOT NULL,
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    decided_at {integer},
    CONSTRAINT approvals_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX approvals_by_time ON approvals (created_at);

-- What an operator's member of staff may do. Operators without a row are founders, who may do everything.
CREATE TABLE operator_duties (
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    role TEXT NOT NULL,
    permissions TEXT NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT operator_duties_principal_id_key PRIMARY KEY (principal_id)
) {strict};

-- Reports of business days. A day that is opened again gets another revision when it is closed again.
CREATE TABLE day_closes (
    day TEXT NOT NULL,
    revision {integer} NOT NULL,
    report TEXT NOT NULL,
    closed_by {bytes} NOT NULL,
    closed_at {integer} NOT NULL,
    reopened_at {integer},
    CONSTRAINT day_closes_day_revision_key PRIMARY KEY (day, revision)
) {strict};

-- Statement files of banks, and what differed from the ledger.
CREATE TABLE bank_files (
    id {bytes} NOT NULL,
    bank_id {bytes} NOT NULL,
    name TEXT NOT NULL,
    lines {integer} NOT NULL,
    matched {integer} NOT NULL,
    imported_by {bytes} NOT NULL,
    imported_at {integer} NOT NULL,
    CONSTRAINT bank_files_id_key PRIMARY KEY (id)
) {strict};

CREATE TABLE bank_differences (
    file_id {bytes} NOT NULL REFERENCES bank_files (id),
    number {integer} NOT NULL,
    class TEXT NOT NULL,
    reference TEXT NOT NULL,
    currency TEXT NOT NULL,
    ledger_minor {integer},
    bank_minor {integer},
    at {integer} NOT NULL,
    note TEXT NOT NULL,
    approval_id {bytes},
    resolved_at {integer},
    CONSTRAINT bank_differences_file_id_number_key PRIMARY KEY (file_id, number)
) {strict};

-- What a merchant was told of a payment is found by its order.
CREATE INDEX webhook_messages_by_order ON webhook_messages (order_id) WHERE order_id IS NOT NULL;
