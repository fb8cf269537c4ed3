-- The spine: who we are, what came in, what was said, what is to be sent.
-- Every key holds account_id, so that a distributed PostgreSQL can shard by it. It never comes first: with one account
-- or a few it tells nothing apart, and a planner without statistics takes any index whose first column it is given.

CREATE TABLE account (
    account_id    text PRIMARY KEY,
    ids           text[] NOT NULL,
    -- Served in production: a development or test bot must not touch it.
    production    boolean NOT NULL DEFAULT false,
    -- Sends wait until then (a rate limit), or until somebody acts (a dead token): why they do.
    send_after    timestamptz,
    rate_waits    integer NOT NULL DEFAULT 0,
    halted_at     timestamptz,
    halted_reason text
);

CREATE TABLE access_token (
    account_id    text PRIMARY KEY,
    sealed        text NOT NULL,
    -- Keyed digest of the environment's value the token came from: a refreshed token outlives a restart.
    source_digest text NOT NULL,
    stored_at     timestamptz NOT NULL
);

-- One row a bot process. It holds an advisory lock on its id while it lives: a free lock means it is gone.
CREATE TABLE process (
    process_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL,
    host       text NOT NULL,
    pid        integer NOT NULL
);

-- Webhook events, kept before the 200. The key is for ever, `raw` goes some time after settling.
CREATE TABLE inbox (
    account_id    text NOT NULL,
    event_key     uuid NOT NULL,
    inbox_id      bigint GENERATED ALWAYS AS IDENTITY,
    igsid         text NOT NULL,
    kind          text NOT NULL,
    mid           text,
    event_at      timestamptz NOT NULL,
    at_mended     boolean NOT NULL,
    received_at   timestamptz NOT NULL,
    known_account boolean NOT NULL,
    test          boolean NOT NULL,
    status        text NOT NULL DEFAULT 'pending',
    attempts      smallint NOT NULL DEFAULT 0,
    settled_at    timestamptz,
    error         text,
    raw           bytea,
    PRIMARY KEY (event_key, account_id),
    CHECK (status IN ('pending', 'done', 'dead')),
    CHECK ((status = 'pending') = (settled_at IS NULL)),
    CHECK (status <> 'pending' OR raw IS NOT NULL)
);
CREATE INDEX inbox_pending ON inbox (igsid, account_id, event_at, inbox_id) WHERE status = 'pending';
CREATE INDEX inbox_dead ON inbox (account_id, settled_at) WHERE status = 'dead';
CREATE INDEX inbox_raw ON inbox (settled_at) WHERE raw IS NOT NULL AND status <> 'pending';

-- One row a conversation with something to work on. `arrivals` tells a worker that more came while it worked.
CREATE TABLE inbox_lane (
    account_id  text NOT NULL,
    igsid       text NOT NULL,
    ready_at    timestamptz,
    arrivals    bigint NOT NULL DEFAULT 1,
    lease_by    bigint,
    lease_until timestamptz,
    PRIMARY KEY (igsid, account_id)
);
CREATE INDEX inbox_lane_ready ON inbox_lane (ready_at) WHERE ready_at IS NOT NULL;

CREATE TABLE conversation (
    account_id       text NOT NULL,
    igsid            text NOT NULL,
    started_at       timestamptz NOT NULL,
    last_at          timestamptz NOT NULL,
    -- The customer's newest action that opens the 24-hour window.
    customer_at      timestamptz,
    paused_at        timestamptz,
    paused_until     timestamptz,
    paused_reason    text,
    archived_at      timestamptz,
    test             boolean NOT NULL,
    PRIMARY KEY (igsid, account_id),
    CHECK ((paused_until IS NULL) = (paused_at IS NULL))
);
CREATE INDEX conversation_idle ON conversation (last_at) WHERE archived_at IS NULL;

-- History, both directions. A customer's message carries the decision on it. Nothing has a foreign key to it.
CREATE TABLE message (
    account_id  text NOT NULL,
    igsid       text NOT NULL,
    at          timestamptz NOT NULL,
    message_id  bigint GENERATED ALWAYS AS IDENTITY,
    archived    boolean NOT NULL DEFAULT false,
    direction   text NOT NULL,
    author      text NOT NULL,
    kind        text NOT NULL,
    mid         text,
    text        text NOT NULL,
    attachments jsonb,
    payload     text,
    -- Of a reply: where its delivery stands.
    outbox_id   bigint,
    test        boolean NOT NULL,
    -- Of a customer's message: what was decided, by which rules, and what else was considered.
    reason      text,
    rule        text,
    digest      text,
    considered  jsonb,
    decided_at  timestamptz,
    PRIMARY KEY (igsid, account_id, at, message_id, archived),
    CHECK (direction IN ('in', 'out')),
    CHECK (author IN ('customer', 'bot', 'person')),
    CHECK ((direction = 'in') = (author = 'customer'))
) PARTITION BY LIST (archived);
CREATE TABLE message_live PARTITION OF message FOR VALUES IN (false);
CREATE TABLE message_archived PARTITION OF message FOR VALUES IN (true);
CREATE INDEX message_mid ON message (mid, account_id) WHERE mid IS NOT NULL;

-- Replies on their way. README "How a reply travels" has the same states.
CREATE TABLE outbox (
    account_id  text NOT NULL,
    outbox_id   bigint GENERATED ALWAYS AS IDENTITY,
    igsid       text NOT NULL,
    for_mid     text,
    for_key     uuid NOT NULL,
    part        smallint NOT NULL,
    body        jsonb NOT NULL,
    rule        text,
    digest      text,
    -- What a pause does not hold back: a hand-off's own words.
    despite_pause boolean NOT NULL,
    decided_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    test        boolean NOT NULL,
    status      text NOT NULL DEFAULT 'queued',
    attempts    smallint NOT NULL DEFAULT 0,
    unanswered  smallint NOT NULL DEFAULT 0,
    most_calls  smallint NOT NULL DEFAULT 4,
    due_at      timestamptz NOT NULL,
    sending_at  timestamptz,
    finished_at timestamptz,
    mid         text,
    echoed_at   timestamptz,
    seen_at     timestamptz,
    code        integer,
    subcode     integer,
    fbtrace_id  text,
    reason      text,
    PRIMARY KEY (outbox_id, account_id),
    CHECK (status IN ('queued', 'sending', 'unknown', 'sent', 'failed', 'cancelled', 'expired', 'dead')),
    CHECK ((status IN ('queued', 'sending', 'unknown')) = (finished_at IS NULL)),
    CHECK (status NOT IN ('sending', 'unknown') OR sending_at IS NOT NULL),
    CHECK (status = 'sent' OR (echoed_at IS NULL AND seen_at IS NULL)),
    CHECK ((status = 'sent') = (mid IS NOT NULL))
);
CREATE UNIQUE INDEX outbox_decided_once ON outbox (for_key, part, account_id);
CREATE INDEX outbox_open ON outbox (igsid, account_id, outbox_id) WHERE status IN ('queued', 'sending', 'unknown');
CREATE INDEX outbox_mid ON outbox (mid, account_id) WHERE mid IS NOT NULL;
CREATE INDEX outbox_dead ON outbox (account_id, outbox_id) WHERE status = 'dead';

-- Every call of the Send API that did not simply succeed, so that a dead letter can be explained.
CREATE TABLE send_attempt (
    account_id text NOT NULL,
    outbox_id  bigint NOT NULL,
    attempt_id bigint GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL,
    outcome    text NOT NULL,
    code       integer,
    subcode    integer,
    fbtrace_id text,
    detail     text,
    PRIMARY KEY (outbox_id, attempt_id, account_id)
);

CREATE TABLE outbox_lane (
    account_id  text NOT NULL,
    igsid       text NOT NULL,
    due_at      timestamptz,
    arrivals    bigint NOT NULL DEFAULT 1,
    lease_by    bigint,
    lease_until timestamptz,
    PRIMARY KEY (igsid, account_id)
);
CREATE INDEX outbox_lane_due ON outbox_lane (due_at) WHERE due_at IS NOT NULL;

-- The last rule set that loaded, for a start with a broken folder.
CREATE TABLE rule_set (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    digest   text NOT NULL,
    files    jsonb NOT NULL,
    saved_at timestamptz NOT NULL
);

CREATE TABLE archive_run (
    run_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    archived    bigint NOT NULL,
    messages    bigint NOT NULL
);
