-- What the whole rule language needs: a memory of each customer, limits, calls of the owner's services, analytics.

-- All at once, and first: whoever works on one of them must not wait for another that is changed already.
LOCK TABLE outbox, conversation, message IN ACCESS EXCLUSIVE MODE;

-- `memory` is what rules know of the customer (`rules.deciding.memory`), `profile` what Meta tells, when asked last.
ALTER TABLE conversation
    ADD COLUMN memory     jsonb,
    ADD COLUMN profile    jsonb,
    ADD COLUMN profile_at timestamptz;

UPDATE conversation c SET memory = jsonb_build_object('version', 1, 'messages', said.messages, 'last_message_at', said.at)
FROM (
    SELECT account_id, igsid, count(*) AS messages, max(at) AS at FROM message WHERE author = 'customer'
    GROUP BY account_id, igsid) said
WHERE (said.account_id, said.igsid) = (c.account_id, c.igsid);

-- Of a customer's message: what hit, how the winner was ranked, which of its texts was said, or why it said nothing
-- (`withheld`), which observers fitted; `answered_with` is the later line that this one was answered together with.
ALTER TABLE message
    ADD COLUMN matched       text,
    ADD COLUMN rank          integer[],
    ADD COLUMN variant       text,
    ADD COLUMN withheld      text,
    ADD COLUMN observers     text[],
    ADD COLUMN answered_with text;

-- `typing`: once it is the reply's turn, the customer is first shown for `delay_ms` that somebody types.
ALTER TABLE outbox
    ADD COLUMN typing   boolean NOT NULL DEFAULT false,
    ADD COLUMN delay_ms integer NOT NULL DEFAULT 0;

-- Answers of rules whose limit counts all customers together.
CREATE TABLE rule_use (
    account_id text NOT NULL,
    rule       text NOT NULL,
    for_key    uuid NOT NULL,
    used_at    timestamptz NOT NULL,
    -- An observer says nothing, so that no reply of its can fail to leave.
    observer   boolean NOT NULL,
    PRIMARY KEY (for_key, rule, account_id)
);
CREATE INDEX rule_use_times ON rule_use (rule, account_id, used_at);

-- Calls of the owner's web services, and of Meta for a customer's profile (`kind`), that a decision asked for. One that
-- `waits` holds its conversation until it has ended.
CREATE TABLE service_call (
    account_id  text NOT NULL,
    call_id     bigint GENERATED ALWAYS AS IDENTITY,
    igsid       text NOT NULL,
    for_key     uuid NOT NULL,
    for_mid     text,
    kind        text NOT NULL,
    rule        text NOT NULL,
    name        text NOT NULL,
    body        jsonb NOT NULL,
    timeout_ms  integer NOT NULL,
    retry       smallint NOT NULL,
    waits       boolean NOT NULL,
    test        boolean NOT NULL,
    asked_at    timestamptz NOT NULL,
    attempts    smallint NOT NULL DEFAULT 0,
    due_at      timestamptz NOT NULL,
    lease_by    bigint,
    lease_until timestamptz,
    finished_at timestamptz,
    ok          boolean,
    answer      jsonb,
    why         text,
    PRIMARY KEY (call_id, account_id),
    CHECK (kind IN ('service', 'profile')),
    CHECK ((finished_at IS NULL) = (ok IS NULL))
);
CREATE UNIQUE INDEX service_call_once ON service_call (for_key, rule, account_id);
CREATE INDEX service_call_customer ON service_call (igsid, account_id);
CREATE INDEX service_call_due ON service_call (due_at) WHERE finished_at IS NULL;
CREATE INDEX service_call_done ON service_call (finished_at) WHERE finished_at IS NOT NULL;
