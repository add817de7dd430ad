-- The tables of a journal, version 4: lines whose link one gateway at a time has. A released version is never changed.

CREATE TABLE places (
    institution text        NOT NULL,
    line        text        NOT NULL,
    number      integer     NOT NULL,         -- the link on the line, from 0
    holder      text,                         -- the instance that has it, as long as its lease is not over
    epoch       bigint      NOT NULL DEFAULT 0,
    until       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (institution, line, number)
);

CREATE TABLE seekers (
    institution text        NOT NULL,
    line        text        NOT NULL,
    number      integer     NOT NULL,
    name        text        NOT NULL,         -- an instance that wants the place
    until       timestamptz NOT NULL,
    PRIMARY KEY (institution, line, number, name)
);
