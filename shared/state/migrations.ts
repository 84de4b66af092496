import { UPLOADS } from './migration-2-uploads.ts';
import { TABLES } from './migration-3-tables.ts';
import { ARCHIVES } from './migration-4-archives.ts';
import { CONTENTS } from './migration-5-contents.ts';

/**
 * The schema of the state file, as numbered migrations: number N is applied when `user_version` is N - 1. A
 * migration that has been released is never edited. `schema.sql` beside this file is the dump of the result,
 * made by `npm run schema`; a test catches drift.
 *
 * Paths are BLOBs (names are bytes), times are whole milliseconds since 1970 unless the name says `_ns`.
 */
export const MIGRATIONS: readonly string[] = [
  /* 1: routes, the queue, the ledger, the manifests */ `
-- Which state file this is: manifests carry it, so that two state files never write into the same ones.
CREATE TABLE identity (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL
) STRICT;
INSERT INTO identity VALUES (1, lower(hex(randomblob(16))));

-- An input directory with what is to be done with its files. Stored, so that a worker of another configuration
-- still moves a file where its own route says. One row an input, updated when the configuration changes.
CREATE TABLE routes (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL,
  input         BLOB NOT NULL UNIQUE,
  warehouse     BLOB NOT NULL,
  manifests     BLOB NOT NULL,
  duplicates    BLOB NOT NULL,
  on_duplicate  TEXT NOT NULL CHECK (on_duplicate IN ('move', 'delete', 'leave')),
  dedupe        TEXT NOT NULL CHECK (dedupe IN ('content', 'none')),
  mode          TEXT NOT NULL CHECK (mode IN ('stability', 'sidecar', 'close-write')),
  stability_ms  INTEGER NOT NULL,
  marked        INTEGER NOT NULL DEFAULT 0    -- 1: the warehouse's mark was written; missing from then on means not mounted
) STRICT;

-- A file seen but not yet known to be complete.
CREATE TABLE candidates (
  path          BLOB PRIMARY KEY,
  route_id      INTEGER NOT NULL REFERENCES routes (id),
  fingerprint   TEXT NOT NULL,
  waits_for     TEXT NOT NULL CHECK (waits_for IN ('stability', 'second-look', 'sidecar', 'writer')),
  first_seen_ms INTEGER NOT NULL,
  observed_ms   INTEGER NOT NULL,             -- when this fingerprint was first seen
  due_ms        INTEGER,                      -- when to look again; NULL: at the next event or scan
  overdue       INTEGER NOT NULL DEFAULT 0    -- 1: reported as overdue
) STRICT, WITHOUT ROWID;
CREATE INDEX candidates_due ON candidates (route_id, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX candidates_overdue ON candidates (route_id, first_seen_ms) WHERE overdue = 0;

-- A worker's right to the jobs that carry its token, until expires_ms. AUTOINCREMENT: a token is never used again.
CREATE TABLE leases (
  token      INTEGER PRIMARY KEY AUTOINCREMENT,
  owner      TEXT NOT NULL,                   -- a person's name for the holder, for example worker-3
  host       TEXT NOT NULL,                   -- host name and pid namespace: where pid means something
  boot       TEXT NOT NULL,                   -- the kernel's boot id
  pid        INTEGER NOT NULL,
  pid_start  TEXT NOT NULL,                   -- start time of the process in clock ticks since boot
  claimed_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT;

-- A durable unit of work. A job that is done has no row.
CREATE TABLE jobs (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  kind         TEXT NOT NULL,
  key          BLOB NOT NULL,                 -- what makes it one job: for ingest the absolute source path
  lane         TEXT NOT NULL DEFAULT 'batch' CHECK (lane IN ('batch', 'alone', 'suspect')),
  route_id     INTEGER REFERENCES routes (id),
  fingerprint  TEXT,                          -- of the file when it was judged complete
  size_bytes   INTEGER NOT NULL DEFAULT 0,
  payload      TEXT,                          -- JSON, what else the kind's handler needs
  priority     INTEGER NOT NULL DEFAULT 0,
  state        TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'delayed', 'leased', 'failed')),
  run_at_ms    INTEGER NOT NULL DEFAULT 0,
  attempts     INTEGER NOT NULL DEFAULT 0,    -- claims that did not end in a release
  lease_token  INTEGER REFERENCES leases (token),
  reason       TEXT,                          -- why it was delayed or failed
  enqueued_ms  INTEGER NOT NULL,
  updated_ms   INTEGER NOT NULL,
  UNIQUE (kind, key),
  CHECK ((state = 'leased') = (lease_token IS NOT NULL)),
  CHECK (state <> 'failed' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX jobs_ready ON jobs (kind, lane, priority DESC, id) WHERE state = 'ready';
CREATE INDEX jobs_delayed ON jobs (run_at_ms) WHERE state = 'delayed';
CREATE INDEX jobs_leased ON jobs (lease_token) WHERE lease_token IS NOT NULL;
CREATE INDEX jobs_failed ON jobs (id) WHERE state = 'failed';

-- The content taken into custody. UNIQUE (scope, sha256) is the dedupe; scope NULL is never a duplicate.
CREATE TABLE ledger (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  state        TEXT NOT NULL CHECK (state IN ('in_flight', 'committed')),
  scope        INTEGER,
  sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
  route_id     INTEGER NOT NULL REFERENCES routes (id),
  job_id       INTEGER NOT NULL,
  device       INTEGER NOT NULL,              -- of the source, as two's complement where above 2^63
  inode        INTEGER NOT NULL,
  size_bytes   INTEGER NOT NULL,
  mtime_ns     INTEGER NOT NULL,
  ctime_ns     INTEGER NOT NULL,
  source       BLOB NOT NULL,
  destination  BLOB NOT NULL,
  decided_ms   INTEGER NOT NULL,              -- the instant of partition, manifest hour and ingested_at
  committed_ms INTEGER,
  CHECK ((state = 'committed') = (committed_ms IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX ledger_content ON ledger (scope, sha256);
CREATE UNIQUE INDEX ledger_in_flight_inode ON ledger (device, inode) WHERE state = 'in_flight';
CREATE UNIQUE INDEX ledger_in_flight_destination ON ledger (destination) WHERE state = 'in_flight';
CREATE UNIQUE INDEX ledger_in_flight_job ON ledger (job_id) WHERE state = 'in_flight';

-- Content that came again, and what was done with it.
CREATE TABLE duplicates (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  ledger_id    INTEGER NOT NULL REFERENCES ledger (id),
  state        TEXT NOT NULL CHECK (state IN ('in_flight', 'settled')),
  action       TEXT NOT NULL CHECK (action IN ('move', 'delete', 'leave')),
  route_id     INTEGER NOT NULL REFERENCES routes (id),
  job_id       INTEGER NOT NULL,
  fingerprint  TEXT NOT NULL,
  device       INTEGER NOT NULL,
  inode        INTEGER NOT NULL,
  size_bytes   INTEGER NOT NULL,
  mtime_ns     INTEGER NOT NULL,
  ctime_ns     INTEGER NOT NULL,
  source       BLOB NOT NULL,
  destination  BLOB,                          -- where it was moved to; NULL for delete and leave
  decided_ms   INTEGER NOT NULL,
  settled_ms   INTEGER,
  CHECK ((action = 'move') = (destination IS NOT NULL)),
  CHECK ((state = 'settled') = (settled_ms IS NOT NULL))
) STRICT;
CREATE INDEX duplicates_of ON duplicates (ledger_id);
CREATE INDEX duplicates_left ON duplicates (source, fingerprint) WHERE action = 'leave';
CREATE UNIQUE INDEX duplicates_in_flight_inode ON duplicates (device, inode) WHERE state = 'in_flight';
CREATE UNIQUE INDEX duplicates_in_flight_destination ON duplicates (destination) WHERE state = 'in_flight';
CREATE UNIQUE INDEX duplicates_in_flight_job ON duplicates (job_id) WHERE state = 'in_flight';

-- How far each manifest file is committed. Bytes past it belong to a transaction that did not end.
CREATE TABLE manifests (
  path            BLOB PRIMARY KEY,
  committed_bytes INTEGER NOT NULL,
  committed_lines INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sidecars whose file is committed and that are still to be removed, if they are still that inode, untouched.
CREATE TABLE sidecar_removals (
  id     INTEGER PRIMARY KEY,
  path   BLOB NOT NULL,
  device INTEGER NOT NULL,
  inode  INTEGER NOT NULL,
  ctime_ns INTEGER NOT NULL
) STRICT;

-- What was committed in all, and in each of the last seconds: so that no statistic counts the ledger.
CREATE TABLE totals (
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  committed_files INTEGER NOT NULL,
  committed_bytes INTEGER NOT NULL,
  duplicate_files INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0);
CREATE TABLE throughput (
  second INTEGER PRIMARY KEY,
  files  INTEGER NOT NULL,
  bytes  INTEGER NOT NULL
) STRICT;
`,
  UPLOADS,
  TABLES,
  ARCHIVES,
  CONTENTS,
];
