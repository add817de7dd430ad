-- The tables of a journal, version 3: days that are old enough are removed. A released version is never changed.

ALTER TABLE instances ADD COLUMN keep_days integer;                -- after how many days this gateway may remove facts; NULL: never
