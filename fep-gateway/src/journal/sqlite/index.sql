CREATE TABLE state (
  journal          BLOB NOT NULL,               -- the journal's id
  applied          INTEGER NOT NULL,            -- the last fact in this index
  before_ms        INTEGER NOT NULL,            -- those accepted before, whose first fact is removed, are not added any more
  forgotten        INTEGER NOT NULL             -- and the rows of those whose first fact is up to this one are removed
);

CREATE TABLE exchanges (
  id               BLOB PRIMARY KEY,            -- 11 bytes; sorts by time of acceptance
  institution      TEXT NOT NULL,
  telegram         TEXT NOT NULL,
  trace            TEXT,
  request_id       TEXT,                        -- the caller's name for its request
  reason_code      TEXT,                        -- why there is no answer
  code             TEXT,                        -- the response code; in an encrypted journal a keyed hash
  outcome          TEXT,                        -- NULL while the exchange runs
  settled_by       TEXT,
  money            TEXT,                        -- what became of the money: done, not_done, reversed
  has_case         INTEGER NOT NULL,            -- whether there is a settlement
  flags            INTEGER NOT NULL,            -- 1 conflicting, 2 contradicting, 4 dead letter, 8 disputed
  ended_at_ms      INTEGER,
  request          INTEGER,                     -- the numbers of facts: the request,
  ending           INTEGER,                     -- the fact by which the outcome was reached,
  answer           INTEGER,                     -- the answer,
  others           BLOB                         -- and all others, eight bytes each
) WITHOUT ROWID;
CREATE INDEX exchanges_open ON exchanges (id) WHERE outcome IS NULL;
CREATE INDEX exchanges_unsettled ON exchanges (ended_at_ms) WHERE outcome = 'unknown' AND settled_by IS NULL;

CREATE TABLE cases (                            -- settlements, by exchange
  exchange         BLOB PRIMARY KEY,
  needs_person     INTEGER NOT NULL,            -- whether it is a dead letter, or disputed
  is_finished      INTEGER NOT NULL,
  changed_at_ms    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX cases_unfinished ON cases (exchange) WHERE NOT is_finished;
CREATE INDEX cases_needing_person ON cases (exchange) WHERE needs_person;
CREATE INDEX cases_changed ON cases (changed_at_ms);

CREATE TABLE case_facts (                       -- the facts of settlements
  exchange         BLOB NOT NULL,
  number           INTEGER NOT NULL,
  at_ms            INTEGER NOT NULL,
  detail           TEXT NOT NULL,
  PRIMARY KEY (exchange, number)
) WITHOUT ROWID;

CREATE TABLE keys (                             -- the newest exchange with an idempotency key
  institution      TEXT NOT NULL,               -- the one that the service asked, also if a breaker sent the request to another one
  key              TEXT NOT NULL,
  digest           BLOB NOT NULL,
  exchange         BLOB NOT NULL,
  PRIMARY KEY (institution, key)
) WITHOUT ROWID;

CREATE TABLE traces (                           -- numbers up to `high` may have been used on that day
  institution      TEXT NOT NULL,
  day              INTEGER NOT NULL,
  high             INTEGER NOT NULL,
  PRIMARY KEY (institution, day)
) WITHOUT ROWID;

CREATE TABLE standing (                         -- what holds now, by topic
  institution      TEXT NOT NULL,
  topic            TEXT NOT NULL,
  number           INTEGER NOT NULL,            -- the fact
  detail           TEXT NOT NULL,
  instance         TEXT NOT NULL,               -- the instance where it holds; '' if there is only one
  PRIMARY KEY (institution, topic, instance)
) WITHOUT ROWID;

CREATE TABLE owners (                           -- the instances to which exchanges and notices belong, if there are several
  id               BLOB PRIMARY KEY,
  instance         TEXT NOT NULL,
  taken_by         INTEGER                      -- the fact by which it was taken over from another instance
) WITHOUT ROWID;

CREATE TABLE takeovers (                        -- which instance goes on with what another one left
  number           INTEGER PRIMARY KEY,         -- the fact
  instance         TEXT NOT NULL,               -- from this one
  epoch            INTEGER NOT NULL,            -- in this run
  institution      TEXT NOT NULL,               -- '' for all
  heir             TEXT NOT NULL
);

CREATE TABLE notice_keys (                      -- the first notice with a key, and the answer to it
  institution      TEXT NOT NULL,
  telegram         TEXT NOT NULL,
  key              TEXT NOT NULL,
  notice           INTEGER NOT NULL,            -- the numbers of facts
  answer           INTEGER,
  PRIMARY KEY (institution, telegram, key)
) WITHOUT ROWID;

CREATE TABLE notices (                          -- telegrams that the institution sent on its own
  id               BLOB PRIMARY KEY,            -- 11 bytes; sorts by time of receipt
  institution      TEXT NOT NULL,
  telegram         TEXT NOT NULL,
  state            TEXT NOT NULL,               -- delivering, delivered, dead_letter, closed, refused, conflict, repeated, unwanted
  detail           TEXT NOT NULL,               -- the delivery as JSON
  repeats          INTEGER NOT NULL,
  conflicts        INTEGER NOT NULL,
  first            BLOB,                        -- the notice that had its key before
  changed_at_ms    INTEGER NOT NULL,
  notice           INTEGER,                     -- the numbers of facts: the receipt,
  answer           INTEGER,                     -- the answer to the institution,
  kept             INTEGER,                     -- another answer, which was not sent,
  others           BLOB                         -- and all others, eight bytes each
) WITHOUT ROWID;
CREATE INDEX notices_state ON notices (state, institution, id);

CREATE TABLE audit (                            -- what persons and programs did or looked at
  number           INTEGER PRIMARY KEY,         -- the fact
  at_ms            INTEGER NOT NULL,
  institution      TEXT NOT NULL,
  act              TEXT NOT NULL,
  client           TEXT,                        -- the client, if clients have names
  attempt          BLOB,                        -- its name, if its end is recorded
  outcome          TEXT,                        -- what became of it, if that is recorded
  code             TEXT                         -- why it was refused
);
CREATE INDEX audit_attempt ON audit (attempt) WHERE attempt IS NOT NULL;

CREATE TABLE reconciliations (                  -- files of institutions that were compared, by business date
  institution      TEXT NOT NULL,
  reconciliation   TEXT NOT NULL,
  day              INTEGER NOT NULL,
  number           INTEGER NOT NULL,            -- the fact of the last comparison
  at_ms            INTEGER NOT NULL,            -- and its time
  sha256           TEXT NOT NULL,               -- of its file
  last             BLOB NOT NULL,               -- the name of the last comparison or resolution that had an effect
  PRIMARY KEY (institution, reconciliation, day)
) WITHOUT ROWID;

CREATE TABLE exceptions (                       -- what persons look at because of them
  institution      TEXT NOT NULL,
  reconciliation   TEXT NOT NULL,
  day              INTEGER NOT NULL,
  position         INTEGER NOT NULL,            -- in the body of the fact
  id               TEXT NOT NULL,
  class            TEXT NOT NULL,
  state            TEXT NOT NULL,               -- open, explained, resolved
  resolved         INTEGER,                     -- the fact of a resolution behind the last comparison
  PRIMARY KEY (institution, reconciliation, day, position)
) WITHOUT ROWID;
CREATE INDEX exceptions_open ON exceptions (institution, class) WHERE state = 'open';

CREATE TABLE reconciliation_acts (              -- comparisons, and the resolutions that had an effect
  name             BLOB PRIMARY KEY,
  number           INTEGER NOT NULL,            -- the fact
  behind           INTEGER NOT NULL,            -- the fact of the comparison that held then, or its own
  has_effect       INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE verifications (                    -- runs of verifications that were told
  number           INTEGER PRIMARY KEY,         -- the fact. Of several with one name, the first holds
  institution      TEXT NOT NULL,
  name             TEXT NOT NULL,
  kind             TEXT NOT NULL,               -- reads or writes
  run              TEXT NOT NULL,
  at_ms            INTEGER NOT NULL,
  detail           TEXT NOT NULL                -- the open part of the fact, as JSON
);
CREATE INDEX verification_runs ON verifications (institution, name, run, number);
CREATE INDEX verification_order ON verifications (institution, name, kind, number);
