-- Sending that can be trusted: rates and outages that all processes know of, opt-outs, deletions, edits, the life of tokens.

-- All at once, and first: whoever works on one of them must not wait for another that is changed already.
LOCK TABLE account, access_token, inbox, conversation, message, outbox, outbox_lane IN ACCESS EXCLUSIVE MODE;

-- `name` is the owner's word for the account. `paused_at`: the operator stopped its sends. `send_after` says when sends go
-- on after a rate limit or an outage, `send_after_reason` which of them.
-- `*_spent_until` are the token buckets: the moment from which on each is full again; a bucket is empty when that lies
-- further ahead than it holds.
-- `failing` are the customers whose calls failed since the last that did not; enough of them, and sends wait for one
-- probe: `outage_at` since when, `outage_probes` how many have failed, `probe_until` while one is under way,
-- `outage_told_at` when the owner was told. What is halted may be tried again by itself from `halted_until` on, if set.
ALTER TABLE account
    ADD COLUMN name                 text,
    ADD COLUMN paused_at            timestamptz,
    ADD COLUMN send_after_reason    text,
    ADD COLUMN halted_until         timestamptz,
    ADD COLUMN text_spent_until     timestamptz,
    ADD COLUMN media_spent_until    timestamptz,
    ADD COLUMN look_ups_spent_until timestamptz,
    ADD COLUMN usage_percent        smallint,
    ADD COLUMN usage_at             timestamptz,
    ADD COLUMN failing              text[] NOT NULL DEFAULT '{}',
    ADD COLUMN outage_at            timestamptz,
    ADD COLUMN outage_probes        smallint NOT NULL DEFAULT 0,
    ADD COLUMN probe_until          timestamptz,
    ADD COLUMN outage_told_at       timestamptz;

-- `source_digest` is from now on the sealed SHA-256 of the environment's value, so that it outlives the key as the token
-- does; `origin` is who gave the token: the variable or the command. `previous` is the token before, kept until Meta has
-- confirmed the one that took its place. `check_at` is when the next check is due (NULL: now), `trouble` what the last one
-- found; `warned_days` the last rung of the ladder of warnings (30, 10, 3, 0 days) that was told. `expires_at` NULL: Meta
-- has not said, or there is no end.
ALTER TABLE access_token
    ADD COLUMN origin       text NOT NULL DEFAULT 'variable' CHECK (origin IN ('variable', 'command')),
    ADD COLUMN previous     text,
    ADD COLUMN expires_at   timestamptz,
    ADD COLUMN refreshed_at timestamptz,
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN check_at     timestamptz,
    ADD COLUMN checked_at   timestamptz,
    ADD COLUMN warned_days  smallint,
    ADD COLUMN trouble      text;

-- Replies decided up to `cancel_before` do not go out any more: a person has taken over, or the customer has opted out.
-- `blocked_at`: Meta says that nothing reaches this customer, and so it is for what was decided before.
ALTER TABLE conversation
    ADD COLUMN opted_out_at  timestamptz,
    ADD COLUMN cancel_before timestamptz,
    ADD COLUMN cancel_reason text,
    ADD COLUMN blocked_at    timestamptz;
UPDATE conversation SET cancel_before = paused_at, cancel_reason = 'a person took over' WHERE paused_reason = 'person';

-- A message that its author took back keeps the fact and nothing else; `edits` is the newest edit's number.
ALTER TABLE message
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN edits      smallint NOT NULL DEFAULT 0;
CREATE INDEX inbox_revised ON inbox (mid, account_id) WHERE kind IN ('deleted', 'edit');

-- Until `free_at` the customer has just been written to. `bucket`: which of the account's buckets a lane waits for, once
-- it was found to need a narrower one than that of all sends. The claim asks account by account and bucket by bucket: a
-- backlog that may not go must not stand in another's way. The index is partial, so that no planner takes it for
-- anything else.
ALTER TABLE outbox_lane
    ADD COLUMN free_at timestamptz,
    ADD COLUMN bucket  text NOT NULL DEFAULT 'text',
    ADD CONSTRAINT outbox_lane_bucket_check CHECK (bucket IN ('text', 'media', 'look_ups'));
DROP INDEX outbox_lane_due;
CREATE INDEX outbox_lane_due ON outbox_lane (account_id, bucket, due_at) WHERE due_at IS NOT NULL;

-- Echoes that are none of ours: the same words to several customers, each at once after the customer's message, are
-- another tool's automatic answer. `words` is a digest. `paused_until` is the pause that the echo brought about, if any;
-- `told`: it is known to be a tool's, and was told.
CREATE TABLE foreign_echo (
    account_id   text NOT NULL,
    words        bytea NOT NULL,
    igsid        text NOT NULL,
    seen_at      timestamptz NOT NULL,
    paused_until timestamptz,
    told         boolean NOT NULL DEFAULT false,
    PRIMARY KEY (words, igsid, account_id)
);
CREATE INDEX foreign_echo_new ON foreign_echo (words, account_id) WHERE NOT told;
CREATE INDEX foreign_echo_old ON foreign_echo (seen_at);
