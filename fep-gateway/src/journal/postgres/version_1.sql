-- The tables of a journal, version 1. A released version is never changed.

CREATE TABLE journal (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),    -- there is one row
    id          bytea   NOT NULL CHECK (length(id) = 16),         -- the random name of the journal
    is_test     boolean NOT NULL,                                 -- whether it is one of tests
    last        bigint  NOT NULL DEFAULT 0,                       -- the last fact
    stored_on   date    NOT NULL DEFAULT date '1970-01-01',       -- its date; it never goes back
    sealed_from bigint,                                           -- the first fact that is sealed
    seal_proof  bytea                                             -- which key file is that of the journal
) WITH (fillfactor = 10);

CREATE TABLE instances (
    name        text        PRIMARY KEY,
    token       bytea       NOT NULL,         -- the file of the instance has the same: then it is the same machine
    epoch       bigint      NOT NULL,         -- which run writes; a commit of another epoch fails
    lease_ms    bigint      NOT NULL,         -- how long after `seen_at` it may still be writing
    seen_at     timestamptz NOT NULL,         -- when it wrote last, by the clock of the database
    ended_at    timestamptz,                  -- when it stopped, or was fenced
    batch       bigint      NOT NULL,         -- its last commit of facts
    batch_first bigint      NOT NULL          -- the first fact of that commit
) WITH (fillfactor = 10);

CREATE SEQUENCE epochs;

CREATE TABLE facts (
    stored_on   date   NOT NULL,
    number      bigint NOT NULL,
    at_ms       bigint NOT NULL,              -- milliseconds since 1970
    institution text   NOT NULL,
    kind        text   NOT NULL,
    class       text,
    line        text,
    incarnation bigint,
    exchange    bytea,
    telegram    text,
    trace       text,
    outcome     text,
    reason      text,
    reason_code text,
    key         text,                         -- JSON
    idempotency text,
    digest      bytea,
    day         bigint,                       -- of a mark of trace numbers
    amount      bigint,
    detail      text,                         -- JSON
    caller      text,                         -- JSON
    code        text,
    bytes       bytea,
    sealed      bytea,
    PRIMARY KEY (stored_on, number)
) PARTITION BY RANGE (stored_on);

CREATE TABLE days (
    stored_on date   PRIMARY KEY,
    first     bigint NOT NULL UNIQUE          -- the first fact of this date
);

CREATE TABLE published (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint  NOT NULL                   -- the last fact whose events were published
);

CREATE TABLE seal_keys (
    id bytea PRIMARY KEY                      -- the keys that sealed facts, or may have
);

CREATE TABLE removals (
    last      bigint PRIMARY KEY,             -- the last fact that was removed on purpose
    before_ms bigint NOT NULL,
    at_ms     bigint NOT NULL,
    keep_days bigint NOT NULL,
    traces    text   NOT NULL,                -- JSON
    standing  text   NOT NULL                 -- JSON
);
