-- The tables of a journal, version 2: several gateways write at the same time. A released version is never changed.

ALTER TABLE facts ADD COLUMN instance text;                        -- the gateway that stored it
UPDATE facts SET instance = (SELECT name FROM instances ORDER BY epoch DESC LIMIT 1);

ALTER TABLE instances ADD COLUMN instances_max integer NOT NULL DEFAULT 1;   -- how many may write at the same time, as it was configured

CREATE TABLE taken_over (
    name        text   NOT NULL,              -- from this instance
    epoch       bigint NOT NULL,              -- in this run
    institution text   NOT NULL,              -- what it had of this institution; '' for all
    heir        text   NOT NULL,              -- the instance that goes on with it
    PRIMARY KEY (name, epoch, institution)
);

CREATE TABLE keys (
    institution text   NOT NULL,              -- the one that the service asked
    name        text   NOT NULL,              -- the idempotency key
    exchange    bytea  NOT NULL,              -- the exchange that has it
    PRIMARY KEY (institution, name)
);
CREATE INDEX keys_exchange ON keys (exchange);
INSERT INTO keys
    SELECT asked, idempotency, exchange FROM (
        SELECT DISTINCT ON (asked, idempotency) asked, idempotency, exchange FROM (
            SELECT coalesce(detail::jsonb -> 'came_from' ->> 'institution', detail::jsonb -> 'routed_from' ->> 'institution', institution) AS asked, idempotency, exchange, number
            FROM facts WHERE kind = 'sent' AND class = 'request' AND idempotency IS NOT NULL
        ) AS requests ORDER BY asked, idempotency, number DESC
    ) AS newest
    WHERE NOT EXISTS (SELECT FROM facts WHERE facts.exchange = newest.exchange AND outcome = 'not_sent');

CREATE TABLE traces (
    institution text   NOT NULL,
    day         bigint NOT NULL,              -- the business day, in days since 1970
    high        bigint NOT NULL,              -- the last trace number that was given to an instance
    PRIMARY KEY (institution, day)
);

CREATE TABLE publisher (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    name  text    NOT NULL,                   -- the instance that publishes, as long as its lease is not over
    epoch bigint  NOT NULL
);
