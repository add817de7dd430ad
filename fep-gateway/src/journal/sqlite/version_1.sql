CREATE TABLE exchanges (
  id               TEXT PRIMARY KEY,            -- sorts by time of acceptance
  institution      TEXT NOT NULL,
  telegram         TEXT NOT NULL,
  state            TEXT NOT NULL CHECK (state IN ('accepted', 'sending', 'answered', 'not_sent', 'unknown')),
  settled_by       TEXT,                        -- what made an unknown certain: late answer
  reason           TEXT,
  trace            TEXT NOT NULL DEFAULT '',
  key              TEXT,                        -- the key's fields as a JSON array
  answer_expected  TEXT,
  line             TEXT,
  incarnation      INTEGER,
  request          BLOB NOT NULL DEFAULT x'',
  answer_telegram  TEXT,
  answer           BLOB,
  accepted_at_ms   INTEGER NOT NULL,
  ended_at_ms      INTEGER
) WITHOUT ROWID;
CREATE INDEX exchanges_open ON exchanges (state) WHERE state IN ('accepted', 'sending');
CREATE INDEX exchanges_unsettled ON exchanges (ended_at_ms) WHERE state = 'unknown' AND settled_by IS NULL;

CREATE TABLE entries (                          -- every byte on every line, in the order of the journal
  number           INTEGER PRIMARY KEY,
  at_ms            INTEGER NOT NULL,
  institution      TEXT NOT NULL,
  line             TEXT NOT NULL,
  incarnation      INTEGER NOT NULL,
  direction        TEXT NOT NULL CHECK (direction IN ('in', 'out', 'withheld')),
  class            TEXT NOT NULL,
  exchange         TEXT,
  note             TEXT,
  bytes            BLOB NOT NULL
);
CREATE INDEX entries_exchange ON entries (exchange) WHERE exchange IS NOT NULL;

CREATE TABLE idempotency (
  institution      TEXT NOT NULL,
  key              TEXT NOT NULL,
  digest           BLOB NOT NULL,
  exchange         TEXT NOT NULL,
  PRIMARY KEY (institution, key)
) WITHOUT ROWID;

CREATE TABLE traces (                           -- numbers up to `high` may have been used on that day
  institution      TEXT PRIMARY KEY,
  day              INTEGER NOT NULL,            -- since 1970-01-01
  high             INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE notices (
  institution      TEXT NOT NULL,
  telegram         TEXT NOT NULL,
  key              TEXT NOT NULL,               -- the key's fields as a JSON array
  id               TEXT NOT NULL,
  received_at_ms   INTEGER NOT NULL,
  answer           BLOB,
  PRIMARY KEY (institution, telegram, key)
) WITHOUT ROWID;
