/** 5: the content of the ledger in an index that is written in bulk. */
export const CONTENTS = `
-- A program of version 4 that still runs would look for content in an index that is gone; its statements name the old column, and fail.
ALTER TABLE ledger RENAME COLUMN scope TO dedupe_scope;
DROP INDEX ledger_content;
CREATE UNIQUE INDEX ledger_in_flight_content ON ledger (dedupe_scope, sha256) WHERE state = 'in_flight';
CREATE INDEX ledger_without_scope ON ledger (sha256) WHERE dedupe_scope IS NULL;

-- Where the content of rows with a scope is found. Of rows up to contents_folded.ledger_id; newer ones are looked for in the ledger itself.
CREATE TABLE contents (
  head      BLOB NOT NULL CHECK (length(head) = 6),  -- the first bytes of the SHA-256; the ledger has all of it
  ledger_id INTEGER NOT NULL,
  PRIMARY KEY (head, ledger_id)
) STRICT, WITHOUT ROWID;
INSERT INTO contents SELECT substr(sha256, 1, 6), id FROM ledger WHERE dedupe_scope IS NOT NULL ORDER BY 1, 2;
CREATE TABLE contents_folded (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  ledger_id INTEGER NOT NULL
) STRICT;
INSERT INTO contents_folded SELECT 1, coalesce(max(id), 0) FROM ledger;
`;
