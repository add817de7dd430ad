-- The tables of a journal, version 5: what is known of alarms, and the gateway that judges them. A released version is never changed.

CREATE TABLE alarms (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    name  text    NOT NULL,               -- the instance that judges, as long as its lease is not over
    epoch bigint  NOT NULL,
    state text                            -- JSON, as the file `.alarms` of a journal in a file has it
);
