-- What merchants ask to be paid. The ledger decides whether an order is paid and what is left in its escrow; the state
-- here is what it said last.
CREATE TABLE orders (
    id {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    reference TEXT NOT NULL,
    description TEXT NOT NULL,
    note TEXT NOT NULL,
    source TEXT NOT NULL,
    escrow {integer} NOT NULL,
    currency TEXT NOT NULL,
    amount {integer} NOT NULL,
    refunded {integer} NOT NULL,
    state TEXT NOT NULL,
    fingerprint {bytes} NOT NULL,
    return_url TEXT NOT NULL,
    created_by {bytes} NOT NULL,
    payer_id {bytes},
    payment_id {bytes},
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    paid_at {integer},
    expires_at {integer} NOT NULL,
    hold_seconds {integer} NOT NULL,
    release_at {integer},
    CONSTRAINT orders_id_key PRIMARY KEY (id)
) {strict};

CREATE UNIQUE INDEX orders_merchant_id_reference_key ON orders (merchant_id, reference) WHERE reference <> '';

CREATE INDEX orders_by_merchant ON orders (merchant_id, created_at, id);

CREATE INDEX orders_by_payer ON orders (payer_id, created_at) WHERE payer_id IS NOT NULL;

CREATE INDEX orders_by_payment ON orders (payment_id) WHERE payment_id IS NOT NULL;

CREATE INDEX orders_open ON orders (expires_at) WHERE state = 'open';

CREATE INDEX orders_held ON orders (release_at) WHERE state = 'held';

CREATE INDEX orders_disputed ON orders (updated_at) WHERE state = 'disputed';

-- What was ordered, in the words and at the price of that moment.
CREATE TABLE order_lines (
    order_id {bytes} NOT NULL REFERENCES orders (id),
    position {integer} NOT NULL,
    name TEXT NOT NULL,
    quantity {integer} NOT NULL,
    price {integer} NOT NULL,
    CONSTRAINT order_lines_order_id_position_key PRIMARY KEY (order_id, position)
) {strict};

-- The story of an order.
CREATE TABLE order_events (
    seq {sequence},
    order_id {bytes} NOT NULL REFERENCES orders (id),
    kind TEXT NOT NULL,
    actor_id {bytes},
    amount {integer},
    note TEXT NOT NULL,
    at {integer} NOT NULL
) {strict};

CREATE INDEX order_events_by_order ON order_events (order_id, seq);

-- The dispute of an order. Two operators decide: one proposes what the merchant gets, another confirms it.
CREATE TABLE disputes (
    order_id {bytes} NOT NULL REFERENCES orders (id),
    held {integer} NOT NULL,
    reason TEXT NOT NULL,
    answer TEXT NOT NULL,
    proposed_by {bytes},
    proposed_share {integer},
    proposed_note TEXT NOT NULL,
    decided_by {bytes},
    share {integer},
    opened_at {integer} NOT NULL,
    answered_at {integer},
    decided_at {integer},
    CONSTRAINT disputes_order_id_key PRIMARY KEY (order_id)
) {strict};

-- The keys of a till.
CREATE TABLE items (
    id {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    category TEXT NOT NULL,
    currency TEXT NOT NULL,
    price {integer} NOT NULL,
    created_at {integer} NOT NULL,
    removed_at {integer},
    CONSTRAINT items_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX items_by_merchant ON items (merchant_id, category, created_at);

-- A span of work at the till, closed by its Z report. There is at most one open shift for each merchant.
CREATE TABLE shifts (
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    number {integer} NOT NULL,
    opened_by {bytes} NOT NULL,
    opened_at {integer} NOT NULL,
    closed_by {bytes},
    closed_at {integer},
    CONSTRAINT shifts_merchant_id_number_key PRIMARY KEY (merchant_id, number)
) {strict};

CREATE UNIQUE INDEX shifts_open_key ON shifts (merchant_id) WHERE closed_at IS NULL;

-- What a member of staff may do, and the PIN of the quick switch at the till. Staff without a row are owners.
CREATE TABLE staff_roles (
    principal_id {bytes} NOT NULL REFERENCES principals (id),
    role TEXT NOT NULL,
    pin_hash TEXT,
    pin_failures {integer} NOT NULL,
    CONSTRAINT staff_roles_principal_id_key PRIMARY KEY (principal_id)
) {strict};

-- Where checkout may send the buyer back to.
CREATE TABLE merchant_origins (
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    origin TEXT NOT NULL,
    created_at {integer} NOT NULL,
    CONSTRAINT merchant_origins_merchant_id_origin_key PRIMARY KEY (merchant_id, origin)
) {strict};

-- scopes: words separated by spaces; empty means all. expires_at: the end of the overlap after a rotation.
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '';

ALTER TABLE api_keys ADD COLUMN expires_at {integer};

-- Where merchants want to be told of what happens. old_secret still signs until old_secret_until.
CREATE TABLE webhook_endpoints (
    id {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    url TEXT NOT NULL,
    secret {bytes} NOT NULL,
    old_secret {bytes},
    old_secret_until {integer},
    state TEXT NOT NULL,
    failing_since {integer},
    created_at {integer} NOT NULL,
    updated_at {integer} NOT NULL,
    CONSTRAINT webhook_endpoints_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX webhook_endpoints_by_merchant ON webhook_endpoints (merchant_id, created_at);

-- The outbox: written in the transaction of the state it tells of. The body is what is signed and sent, each time.
CREATE TABLE webhook_messages (
    id {bytes} NOT NULL,
    merchant_id {bytes} NOT NULL REFERENCES merchants (id),
    kind TEXT NOT NULL,
    order_id {bytes},
    body TEXT NOT NULL,
    created_at {integer} NOT NULL,
    CONSTRAINT webhook_messages_id_key PRIMARY KEY (id)
) {strict};

CREATE INDEX webhook_messages_by_merchant ON webhook_messages (merchant_id, created_at);

CREATE TABLE webhook_deliveries (
    message_id {bytes} NOT NULL REFERENCES webhook_messages (id),
    endpoint_id {bytes} NOT NULL REFERENCES webhook_endpoints (id),
    state TEXT NOT NULL,
    attempts {integer} NOT NULL,
    next_at {integer} NOT NULL,
    CONSTRAINT webhook_deliveries_message_id_endpoint_id_key PRIMARY KEY (message_id, endpoint_id)
) {strict};

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'waiting';

CREATE TABLE webhook_attempts (
    seq {sequence},
    message_id {bytes} NOT NULL,
    endpoint_id {bytes} NOT NULL,
    status {integer},
    outcome TEXT NOT NULL,
    milliseconds {integer} NOT NULL,
    at {integer} NOT NULL
) {strict};

CREATE INDEX webhook_attempts_by_delivery ON webhook_attempts (message_id, endpoint_id, seq);
