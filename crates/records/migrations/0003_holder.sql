-- What holders keep for themselves and agree among each other. None of it decides about value: what may be paid once or
-- up to a limit is an account or a derived transfer id in the ledger.

-- One row for each holder who has set something. muted: codes of notifications, with a space around each.
CREATE TABLE holder_settings (
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    cards_view TEXT NOT NULL,
    default_card_id {bytes},
    low_balance {integer},
    muted TEXT NOT NULL,
    stopped_at {integer},
    updated_at {integer} NOT NULL,
    CONSTRAINT holder_settings_holder_id_key PRIMARY KEY (holder_id)
) {strict};

-- Since when the holder has frozen the card; the bank's own word is in state.
ALTER TABLE cards ADD COLUMN frozen_at {integer};

-- A holder's private note and tags on an operation. tags: each with a space before and after.
CREATE TABLE annotations (
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    operation_id {bytes} NOT NULL,
    note TEXT NOT NULL,
    tags TEXT NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT annotations_holder_id_operation_id_key PRIMARY KEY (holder_id, operation_id)
) {strict};

-- The holder's own limits on spending, in minor units; NULL: none. The raised ones hold from raised_at on.
CREATE TABLE spending_limits (
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    currency TEXT NOT NULL,
    single {integer},
    daily {integer},
    raised_single {integer},
    raised_daily {integer},
    raised_at {integer},
    updated_at {integer} NOT NULL,
    CONSTRAINT spending_limits_holder_id_currency_key PRIMARY KEY (holder_id, currency)
) {strict};

-- Money that one holder asks another for. Parts of one split bill have the same split_id.
CREATE TABLE money_requests (
    id {bytes} NOT NULL,
    payee_id {bytes} NOT NULL REFERENCES principals (id),
    payer_id {bytes} NOT NULL REFERENCES principals (id),
    split_id {bytes},
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    memo TEXT NOT NULL,
    state TEXT NOT NULL,
    operation_id {bytes},
    created_at {integer} NOT NULL,
    expires_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT money_requests_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX money_requests_by_payer ON money_requests (payer_id, created_at);

CREATE INDEX money_requests_by_payee ON money_requests (payee_id, created_at);

-- Payments from a card in one click: a top-up, then the payment. Both operations are derived from the id.
CREATE TABLE card_payments (
    id {bytes} NOT NULL,
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    merchant_id {bytes} NOT NULL,
    card_id {bytes} NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    memo TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT card_payments_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX card_payments_open ON card_payments (created_at) WHERE state = 'started';

-- The shops that a holder keeps on top of the directory.
CREATE TABLE favourites (
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    created_at {integer} NOT NULL,
    CONSTRAINT favourites_holder_id_merchant_id_key PRIMARY KEY (holder_id, merchant_id)
) {strict};

-- What a biller asks a holder for: property fee, electricity and the like. A day is a count of days since 1970.
CREATE TABLE bills (
    id {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    holder_id {bytes} NOT NULL REFERENCES principals (id),
    kind TEXT NOT NULL,
    account_number TEXT NOT NULL,
    period TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    due_day {integer} NOT NULL,
    state TEXT NOT NULL,
    operation_id {bytes},
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT bills_id_key PRIMARY KEY (id),
    CONSTRAINT bills_merchant_id_account_number_period_key UNIQUE (merchant_id, account_number, period)
) {strict};

CREATE INDEX bills_by_holder ON bills (holder_id, due_day);

-- The neighbours' board: offers and wants. partner_id: with whom the author has agreed.
CREATE TABLE board_posts (
    id {bytes} NOT NULL,
    author_id {bytes} NOT NULL REFERENCES principals (id),
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    state TEXT NOT NULL,
    partner_id {bytes} REFERENCES principals (id),
    operation_id {bytes},
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT board_posts_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX board_posts_by_state ON board_posts (state, created_at);

CREATE INDEX board_posts_by_author ON board_posts (author_id, created_at);

CREATE INDEX board_posts_by_partner ON board_posts (partner_id, created_at) WHERE partner_id IS NOT NULL;

-- What a principal is told. One row for each fact: telling it again changes nothing.
CREATE TABLE notifications (
    seq {sequence},
    principal_id {bytes} NOT NULL,
    kind TEXT NOT NULL,
    subject_id {bytes} NOT NULL,
    actor_id {bytes},
    currency TEXT,
    amount {integer},
    created_at {integer} NOT NULL,
    read_at {integer},
    CONSTRAINT notifications_principal_id_kind_subject_id_key UNIQUE (principal_id, kind, subject_id)
) {strict};

CREATE INDEX notifications_by_principal ON notifications (principal_id, seq);

CREATE INDEX notifications_unread ON notifications (principal_id) WHERE read_at IS NULL;
