-- The schema of the state file, version 5. Made by `npm run schema`; do not edit.

CREATE TABLE identity (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL
) STRICT;

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
, takes TEXT NOT NULL DEFAULT 'ingest' CHECK (takes IN ('ingest', 'upload', 'load'))) STRICT;

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

CREATE TABLE ledger (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  state        TEXT NOT NULL CHECK (state IN ('in_flight', 'committed')),
  dedupe_scope        INTEGER,
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

CREATE UNIQUE INDEX ledger_in_flight_inode ON ledger (device, inode) WHERE state = 'in_flight';

CREATE UNIQUE INDEX ledger_in_flight_destination ON ledger (destination) WHERE state = 'in_flight';

CREATE UNIQUE INDEX ledger_in_flight_job ON ledger (job_id) WHERE state = 'in_flight';

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

CREATE TABLE manifests (
  path            BLOB PRIMARY KEY,
  committed_bytes INTEGER NOT NULL,
  committed_lines INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sidecar_removals (
  id     INTEGER PRIMARY KEY,
  path   BLOB NOT NULL,
  device INTEGER NOT NULL,
  inode  INTEGER NOT NULL,
  ctime_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE totals (
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  committed_files INTEGER NOT NULL,
  committed_bytes INTEGER NOT NULL,
  duplicate_files INTEGER NOT NULL
, uploaded_files INTEGER NOT NULL DEFAULT 0, uploaded_bytes INTEGER NOT NULL DEFAULT 0, loaded_files INTEGER NOT NULL DEFAULT 0, loaded_rows INTEGER NOT NULL DEFAULT 0, rejected_rows INTEGER NOT NULL DEFAULT 0, archived_files INTEGER NOT NULL DEFAULT 0, archived_bytes INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE throughput (
  second INTEGER PRIMARY KEY,
  files  INTEGER NOT NULL,
  bytes  INTEGER NOT NULL
) STRICT;

CREATE TABLE sinks (
  id       INTEGER PRIMARY KEY AUTOINCREMENT, -- above 0: jobs of no sink say 0
  route_id INTEGER NOT NULL REFERENCES routes (id),
  name     TEXT NOT NULL,                     -- unique in its route
  type     TEXT NOT NULL,
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  active   INTEGER NOT NULL DEFAULT 1,        -- 0: no longer configured; what it has is finished, nothing is added
  UNIQUE (route_id, name)
) STRICT;

CREATE TABLE "jobs" (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  kind         TEXT NOT NULL,
  key          BLOB NOT NULL,                 -- what makes it one job: the absolute path of its file
  sink_id      INTEGER NOT NULL DEFAULT 0,    -- 0: of no sink
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
  UNIQUE (kind, key, sink_id),
  CHECK ((state = 'leased') = (lease_token IS NOT NULL)),
  CHECK (state <> 'failed' OR reason IS NOT NULL)
) STRICT;

CREATE INDEX jobs_ready ON jobs (kind, lane, priority DESC, id) WHERE state = 'ready';

CREATE INDEX jobs_delayed ON jobs (run_at_ms) WHERE state = 'delayed';

CREATE INDEX jobs_leased ON jobs (lease_token) WHERE lease_token IS NOT NULL;

CREATE INDEX jobs_failed ON jobs (id) WHERE state = 'failed';

CREATE TABLE buckets (
  id            INTEGER PRIMARY KEY,
  credentials   TEXT NOT NULL,                -- the file that was named; '' where they were searched for
  profile       TEXT NOT NULL,
  bucket        TEXT NOT NULL,
  checked_ms    INTEGER NOT NULL DEFAULT 0,   -- when it was last seen there; 0: never
  failures      INTEGER NOT NULL DEFAULT 0,   -- in a row, of the provider and not of a file
  closed_until_ms INTEGER NOT NULL DEFAULT 0, -- nothing is sent before
  reason        TEXT,                         -- why
  UNIQUE (credentials, profile, bucket)
) STRICT;

CREATE TABLE file_records (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  profile            TEXT NOT NULL,
  bucket             TEXT NOT NULL,
  filepath           TEXT NOT NULL,           -- below the bucket's directory, or below the input
  file_creation_date TEXT NOT NULL,           -- of the file's inode, in nanoseconds
  current_state      TEXT NOT NULL CHECK (current_state IN ('incoming_tmp', 'incoming', 'processing', 'completed', 'failed', 'gone')),
  last_updated       TEXT NOT NULL,
  upload_outcome     TEXT CHECK (upload_outcome IN ('success', 'failure')),
  attempt            INTEGER NOT NULL,        -- 1, and one more each time the same file comes again
  reason             TEXT,                    -- why it waits, or failed
  retries            INTEGER NOT NULL DEFAULT 0, -- charged since it came, or since a person asked for it again
  waits_for_bucket   INTEGER NOT NULL DEFAULT 0, -- 1: its job is delayed because of the bucket and not of the file
  bucket_id          INTEGER REFERENCES buckets (id),
  sink_id            INTEGER NOT NULL DEFAULT 0,
  job_id             INTEGER,                 -- while it is in the queue, and of a failed one
  path               BLOB NOT NULL,           -- where the file is, or was last
  next_path          BLOB,                    -- where it is being moved to
  device             INTEGER NOT NULL,        -- as two's complement where above 2^63
  inode              INTEGER NOT NULL,
  size_bytes         INTEGER NOT NULL,
  mtime_ns           INTEGER NOT NULL,
  ledger_id          INTEGER,                 -- of a file that was taken into custody before
  UNIQUE (profile, bucket, filepath, file_creation_date, attempt)
) STRICT;

CREATE UNIQUE INDEX file_records_job ON file_records (job_id) WHERE current_state IN ('incoming', 'processing') AND job_id IS NOT NULL;

CREATE INDEX file_records_of_job ON file_records (job_id) WHERE job_id IS NOT NULL;

CREATE INDEX file_records_inode ON file_records (device, inode) WHERE current_state IN ('incoming_tmp', 'incoming', 'processing');

CREATE INDEX file_records_waiting ON file_records (bucket_id) WHERE waits_for_bucket = 1;

CREATE INDEX file_records_state ON file_records (current_state, id);

CREATE INDEX file_records_ledger ON file_records (ledger_id) WHERE ledger_id IS NOT NULL;

CREATE TABLE file_states (
  record_id INTEGER NOT NULL REFERENCES file_records (id),
  state     TEXT NOT NULL,
  at        TEXT NOT NULL
) STRICT;

CREATE INDEX file_states_of ON file_states (record_id);

CREATE TABLE upload_attempts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  record_id  INTEGER NOT NULL REFERENCES file_records (id),
  number     INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  ended_at   TEXT NOT NULL,
  outcome    TEXT NOT NULL CHECK (outcome IN ('success', 'failure', 'interrupted')),
  error      TEXT,
  UNIQUE (record_id, number)
) STRICT;

CREATE TABLE objects (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  record_id   INTEGER NOT NULL REFERENCES file_records (id),
  member      TEXT NOT NULL,                  -- its name in the archive; '' where the file is one object
  key         TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('sending', 'sent')),
  size_bytes  INTEGER,
  sha256      TEXT,
  etag        TEXT,
  checksum    TEXT,                           -- JSON, the algorithm and the value that the provider keeps, where it keeps one
  asked_ms    INTEGER,                        -- when an upload in parts was asked for whose id is not known yet
  upload_id   TEXT,                           -- of an upload in parts that was begun and neither completed nor aborted
  part_bytes  INTEGER,
  UNIQUE (record_id, member)
) STRICT;

CREATE INDEX objects_sent ON objects (key) WHERE state = 'sent';

CREATE INDEX objects_sending ON objects (key) WHERE state = 'sending';

CREATE INDEX objects_unfinished ON objects (id) WHERE upload_id IS NOT NULL OR asked_ms IS NOT NULL;

CREATE TABLE object_parts (
  object_id  INTEGER NOT NULL REFERENCES objects (id),
  number     INTEGER NOT NULL,
  part       TEXT NOT NULL,                   -- JSON
  PRIMARY KEY (object_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE object_owners (
  bucket_id INTEGER NOT NULL REFERENCES buckets (id),
  key       TEXT NOT NULL,
  owner     TEXT NOT NULL,                    -- sink and source
  PRIMARY KEY (bucket_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE kept_files (
  path        BLOB NOT NULL,
  sink_id     INTEGER NOT NULL REFERENCES sinks (id),
  fingerprint TEXT NOT NULL,
  gone_ms     INTEGER,                        -- since when it is known not to be there
  PRIMARY KEY (path, sink_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE scanner (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  file_name          TEXT NOT NULL,           -- its whole path as a person reads it
  file_modified_time TEXT NOT NULL,
  size_in_bytes      INTEGER NOT NULL,
  created_time       TEXT NOT NULL,
  modified_time      TEXT NOT NULL,           -- of status
  status             TEXT NOT NULL CHECK (status IN ('SCANNED', 'SENT_FOR_ETL')),
  sink_id            INTEGER NOT NULL REFERENCES sinks (id),
  path               BLOB NOT NULL,
  mtime_ns           INTEGER NOT NULL,
  ingest_date        TEXT NOT NULL,           -- YYYY-MM-DD, UTC: of its custody, or when it was scanned
  ledger_id          INTEGER,                 -- of a file that was taken into custody
  sha256             BLOB                     -- where it is known: of a file in custody at once, else once it was read
) STRICT;

CREATE UNIQUE INDEX scanner_committed ON scanner (ledger_id, sink_id) WHERE ledger_id IS NOT NULL;

CREATE UNIQUE INDEX scanner_seen ON scanner (sink_id, path, mtime_ns, size_in_bytes) WHERE ledger_id IS NULL;

CREATE INDEX scanner_path ON scanner (path);

CREATE INDEX scanner_content ON scanner (sha256) WHERE sha256 IS NOT NULL;

CREATE TABLE load_tasks (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  created_time  TEXT NOT NULL,
  modified_time TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('NEW', 'PROCESSING', 'LOADED', 'FAILED')),
  failure_msg   TEXT,                         -- with the stack of the error
  sink_id       INTEGER NOT NULL REFERENCES sinks (id),
  ingest_date   TEXT NOT NULL,                -- of all its files
  gathering     INTEGER NOT NULL DEFAULT 1,
  size_in_bytes INTEGER NOT NULL DEFAULT 0,   -- of its files
  CHECK (status <> 'FAILED' OR failure_msg IS NOT NULL),
  CHECK (gathering = 0 OR status = 'NEW')
) STRICT;

CREATE UNIQUE INDEX load_tasks_gathering ON load_tasks (sink_id, ingest_date) WHERE gathering = 1;

CREATE INDEX load_tasks_status ON load_tasks (status, id);

CREATE TABLE load_task_files (
  file_id   INTEGER PRIMARY KEY REFERENCES scanner (id),
  task_id   INTEGER NOT NULL REFERENCES load_tasks (id),
  state     TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'loaded', 'present', 'failed')),
                                              -- present: the table had this content already, of another file
  rows      INTEGER,                          -- that are in the table
  rejects   INTEGER,                          -- rows that were rejected
  loaded_at TEXT,
  reason    TEXT                              -- of a failed one
) STRICT;

CREATE INDEX load_task_files_of ON load_task_files (task_id);

CREATE VIEW etl_tasks AS
  SELECT id,
    (SELECT group_concat(file_name, ',') FROM (
      SELECT file_name FROM load_task_files JOIN scanner ON scanner.id = file_id WHERE task_id = load_tasks.id ORDER BY file_id)) AS files,
    created_time, modified_time, status, failure_msg
  FROM load_tasks;

CREATE TABLE load_schemas (
  target     TEXT NOT NULL,                   -- as a sink writes it
  table_name TEXT NOT NULL,
  schema     TEXT NOT NULL CHECK (json_valid(schema)),
  PRIMARY KEY (target, table_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE load_publications (
  task_id INTEGER PRIMARY KEY REFERENCES load_tasks (id),
  plan    TEXT NOT NULL CHECK (json_valid(plan))
) STRICT;

CREATE TABLE load_contents (
  target     TEXT NOT NULL,
  table_name TEXT NOT NULL,
  sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
  task_id    INTEGER NOT NULL,
  published  INTEGER NOT NULL DEFAULT 0,      -- 0: being published
  rows       INTEGER NOT NULL,
  rejects    INTEGER NOT NULL,
  file       TEXT NOT NULL,                   -- below the directory of the table
  PRIMARY KEY (target, table_name, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX load_contents_task ON load_contents (task_id);

CREATE TABLE scan_marks (
  sink_id                 INTEGER PRIMARY KEY REFERENCES sinks (id),
  last_file_modified_time TEXT,               -- of the newest file that was seen
  scanned_to_ms           INTEGER NOT NULL    -- the end of the last window that was scanned whole
) STRICT;

CREATE TABLE archive_bases (
  id     INTEGER PRIMARY KEY,
  path   TEXT NOT NULL UNIQUE,                -- absolute
  marked INTEGER NOT NULL DEFAULT 0           -- 1: its .wharfinger was seen; missing from then on means not mounted
) STRICT;

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

CREATE UNIQUE INDEX ledger_in_flight_content ON ledger (dedupe_scope, sha256) WHERE state = 'in_flight';

CREATE INDEX ledger_without_scope ON ledger (sha256) WHERE dedupe_scope IS NULL;

CREATE TABLE contents (
  head      BLOB NOT NULL CHECK (length(head) = 6),  -- the first bytes of the SHA-256; the ledger has all of it
  ledger_id INTEGER NOT NULL,
  PRIMARY KEY (head, ledger_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE contents_folded (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  ledger_id INTEGER NOT NULL
) STRICT;
