/** 4: files that are deposited in zip archives, and what is known of each. */
export const ARCHIVES = `
-- A directory with archives.
CREATE TABLE archive_bases (
  id     INTEGER PRIMARY KEY,
  path   TEXT NOT NULL UNIQUE,                -- absolute
  marked INTEGER NOT NULL DEFAULT 0           -- 1: its .wharfinger was seen; missing from then on means not mounted
) STRICT;

-- One file of one sink, from its deposit on. See docs/archives.md.
CREATE TABLE archive_deposits (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  ledger_id    INTEGER NOT NULL REFERENCES ledger (id),
  sink_id      INTEGER NOT NULL REFERENCES sinks (id),
  base_id      INTEGER NOT NULL REFERENCES archive_bases (id),
  archive      TEXT NOT NULL,                 -- below the base
  member       TEXT NOT NULL,                 -- as it was deposited
  sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
  size_bytes   INTEGER NOT NULL,
  path         BLOB NOT NULL,                 -- of its file in the warehouse
  fingerprint  TEXT NOT NULL,                 -- of that file when it was read for the deposit; of a released one, when it was decided to remove it
  staging      TEXT NOT NULL,                 -- its staging archive, without turn and suffix
  state        TEXT NOT NULL CHECK (state IN ('staged', 'published')),
  volume       TEXT,                          -- below the base; of a published one
  stored_as    TEXT,                          -- the member in that volume
  release      TEXT CHECK (release IN ('due', 'removing', 'removed')),
                                              -- of the warehouse copy; NULL: it stays
  staged_ms    INTEGER NOT NULL,
  published_ms INTEGER,
  released_ms  INTEGER,                       -- when the archive's copy became the one that counts
  UNIQUE (ledger_id, sink_id),
  CHECK ((state = 'published') = (volume IS NOT NULL AND stored_as IS NOT NULL AND published_ms IS NOT NULL)),
  CHECK (release IS NULL OR state = 'published'),
  CHECK (ifnull(release IN ('removing', 'removed'), 0) = (released_ms IS NOT NULL))
) STRICT;
CREATE INDEX archive_deposits_staged ON archive_deposits (base_id, archive, id) WHERE state = 'staged';
CREATE INDEX archive_deposits_release ON archive_deposits (base_id, release, id) WHERE release IN ('due', 'removing');

-- What was published in all.
ALTER TABLE totals ADD COLUMN archived_files INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN archived_bytes INTEGER NOT NULL DEFAULT 0;
`;
