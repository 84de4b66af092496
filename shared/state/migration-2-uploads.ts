/** 2: routes whose files are uploaded, sinks, and what is known of each file that goes to object storage. */
export const UPLOADS = `
-- What the complete files of a route become: only 'ingest' takes custody; the places of the others are empty.
ALTER TABLE routes ADD COLUMN takes TEXT NOT NULL DEFAULT 'ingest' CHECK (takes IN ('ingest', 'upload', 'load'));

-- Where the files of a route are handed on to. Stored, so that any worker hands on as the route says.
CREATE TABLE sinks (
  id       INTEGER PRIMARY KEY AUTOINCREMENT, -- above 0: jobs of no sink say 0
  route_id INTEGER NOT NULL REFERENCES routes (id),
  name     TEXT NOT NULL,                     -- unique in its route
  type     TEXT NOT NULL,
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  active   INTEGER NOT NULL DEFAULT 1,        -- 0: no longer configured; what it has is finished, nothing is added
  UNIQUE (route_id, name)
) STRICT;

-- The same as before, and one job a file and sink.
CREATE TABLE jobs_2 (
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
INSERT INTO jobs_2
  SELECT id, kind, key, 0, lane, route_id, fingerprint, size_bytes, payload, priority, state, run_at_ms, attempts, lease_token, reason,
    enqueued_ms, updated_ms FROM jobs;
DELETE FROM sqlite_sequence WHERE name = 'jobs_2';
INSERT INTO sqlite_sequence (name, seq) SELECT 'jobs_2', seq FROM sqlite_sequence WHERE name = 'jobs';
DROP TABLE jobs;
ALTER TABLE jobs_2 RENAME TO jobs;
CREATE INDEX jobs_ready ON jobs (kind, lane, priority DESC, id) WHERE state = 'ready';
CREATE INDEX jobs_delayed ON jobs (run_at_ms) WHERE state = 'delayed';
CREATE INDEX jobs_leased ON jobs (lease_token) WHERE lease_token IS NOT NULL;
CREATE INDEX jobs_failed ON jobs (id) WHERE state = 'failed';

-- What was uploaded in all.
ALTER TABLE totals ADD COLUMN uploaded_files INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN uploaded_bytes INTEGER NOT NULL DEFAULT 0;

-- A bucket as one profile reaches it, and whether it can be sent to at present: what one file learned, the others need not learn anew.
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

-- One stay of one file on its way to object storage. The first eight columns are what the requirement names; times are ISO 8601, UTC.
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

-- Each state that a stay was in, and since when.
CREATE TABLE file_states (
  record_id INTEGER NOT NULL REFERENCES file_records (id),
  state     TEXT NOT NULL,
  at        TEXT NOT NULL
) STRICT;
CREATE INDEX file_states_of ON file_states (record_id);

-- Each time a file was tried to be sent.
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

-- What a file becomes in its bucket: one object, or one for each member of an archive that is unpacked.
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

-- Who writes a key, where the key is not the path itself: two sources never overwrite each other's object.
CREATE TABLE object_owners (
  bucket_id INTEGER NOT NULL REFERENCES buckets (id),
  key       TEXT NOT NULL,
  owner     TEXT NOT NULL,                    -- sink and source
  PRIMARY KEY (bucket_id, key)
) STRICT, WITHOUT ROWID;

-- Files that stay where they were uploaded from, as they were then: only another content is uploaded again.
CREATE TABLE kept_files (
  path        BLOB NOT NULL,
  sink_id     INTEGER NOT NULL REFERENCES sinks (id),
  fingerprint TEXT NOT NULL,
  gone_ms     INTEGER,                        -- since when it is known not to be there
  PRIMARY KEY (path, sink_id)
) STRICT, WITHOUT ROWID;
`;
