CREATE TABLE facts (                            -- only ever added, in the order in which they happened
  number           INTEGER PRIMARY KEY,
  at_ms            INTEGER NOT NULL,            -- since 1970
  institution      TEXT NOT NULL,
  kind             TEXT NOT NULL,               -- sent, received, outcome, settlement, delivery, traces, surplus
  class            TEXT,                        -- of sent and received bytes: request, answer, late, ...; of settlement and delivery: the step
  line             TEXT,
  incarnation      INTEGER,
  exchange         BLOB,                        -- 11 bytes; hex(exchange) is its name in capitals
  telegram         TEXT,
  trace            TEXT,
  outcome          TEXT,                        -- answered, not_sent, unknown
  reason           TEXT,
  reason_code      TEXT,
  key              TEXT,                        -- the fields of the correlation key as a JSON array
  idempotency      TEXT,
  digest           BLOB,
  day              INTEGER,                     -- of traces: the business day, in days since 1970-01-01
  amount           INTEGER,                     -- of traces: the highest number; of surplus: how many
  detail           TEXT,                        -- of settlement, and of notices: the fact as JSON
  bytes            BLOB
);
CREATE TABLE journal (id BLOB NOT NULL, probed_at_ms INTEGER NOT NULL);
INSERT INTO journal VALUES (randomblob(16), 0);

-- What versions 1 and 2 kept in a table for each kind becomes facts. The order is that of the entries; an outcome follows
-- the last entry of its exchange.
CREATE TEMP TABLE old AS
SELECT e.number * 2 AS place, e.at_ms AS at_ms, e.institution AS institution,
       iif(e.direction = 'in', 'received', 'sent') AS kind, e.class AS class, e.line AS line, e.incarnation AS incarnation,
       e.exchange AS exchange,
       CASE WHEN e.class = 'request' THEN x.telegram WHEN e.class IN ('answer', 'late') THEN x.answer_telegram
            WHEN e.class = 'reply' THEN n.telegram END AS telegram,
       iif(e.class = 'request', x.trace, NULL) AS trace,
       iif(e.class = 'answer' AND x.state = 'answered', 'answered', NULL) AS outcome,
       e.note AS reason, e.note_code AS reason_code, iif(e.class = 'request', x.key, n.key) AS key,
       NULL AS day, NULL AS amount, e.bytes AS bytes
FROM entries e LEFT JOIN exchanges x ON x.id = e.exchange
     LEFT JOIN notices n ON e.class = 'reply' AND n.institution = e.institution AND n.answer = e.bytes
UNION ALL
SELECT coalesce((SELECT max(number) FROM entries WHERE exchange = x.id AND direction <> 'in'), 0) * 2 + 1,
       coalesce(x.ended_at_ms, x.accepted_at_ms), x.institution, 'outcome', NULL, x.line, x.incarnation, x.id, x.telegram,
       NULL, x.state, x.reason, x.reason_code, NULL, NULL, NULL, NULL
FROM exchanges x WHERE x.state IN ('not_sent', 'unknown')
UNION ALL
SELECT -3, 0, institution, 'traces', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, day, high, NULL FROM traces
UNION ALL
SELECT -2, received_at_ms, institution, 'received', 'notice', NULL, NULL, NULL, telegram, NULL, NULL, NULL, NULL, key, NULL, NULL,
       NULL FROM notices
UNION ALL
SELECT -1, received_at_ms, institution, 'sent', 'reply', NULL, NULL, NULL, telegram, NULL, NULL, NULL, NULL, key, NULL, NULL,
       answer FROM notices WHERE answer NOT IN (SELECT bytes FROM entries WHERE class = 'reply');

INSERT INTO facts (at_ms, institution, kind, class, line, incarnation, exchange, telegram, trace, outcome, reason,
                   reason_code, key, idempotency, digest, day, amount, bytes)
SELECT o.at_ms, o.institution, o.kind, o.class, o.line, o.incarnation, unhex(o.exchange), o.telegram, o.trace, o.outcome,
       o.reason, o.reason_code, o.key, iif(o.class = 'request', i.key, NULL), iif(o.class = 'request', i.digest, NULL), o.day,
       o.amount, o.bytes
FROM old o LEFT JOIN idempotency i ON i.exchange = o.exchange AND o.class = 'request'
ORDER BY o.place, o.at_ms;

DROP TABLE old;
DROP TABLE entries;
DROP TABLE exchanges;
DROP TABLE idempotency;
DROP TABLE traces;
DROP TABLE notices;
