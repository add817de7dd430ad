ALTER TABLE facts ADD COLUMN sealed BLOB;       -- the encrypted body; then bytes is NULL, and so is the key of a request
ALTER TABLE journal ADD COLUMN sealed_from INTEGER;  -- the first fact that must be sealed, or NULL
ALTER TABLE journal ADD COLUMN seal_proof BLOB; -- a keyed hash of the line before: proves which key file this is
CREATE TABLE seal_keys (id BLOB PRIMARY KEY) WITHOUT ROWID;   -- the keys that sealed facts of this file
CREATE TABLE removals (                         -- what was removed on purpose, from fact 1 on
  last             INTEGER PRIMARY KEY,         -- facts up to this one
  before_ms        INTEGER NOT NULL,            -- and exchanges that were accepted before
  at_ms            INTEGER NOT NULL,
  keep_days        INTEGER NOT NULL,            -- the rule
  traces           TEXT NOT NULL                -- the marks of trace numbers then, as JSON
);
