/** 3: files that are loaded into tables, the tasks that load them, and what is known of each table. */
export const TABLES = `
-- Each file that is to be loaded. The first seven columns are what the requirement names; times are ISO 8601, UTC.
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

-- Files that are loaded together. While it gathers, more are added; its job is delayed meanwhile.
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

-- The files of each task; a file is in one. A bad file of a task is moved to a task of its own, which fails alone.
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

-- The task table that the requirement names.
CREATE VIEW etl_tasks AS
  SELECT id,
    (SELECT group_concat(file_name, ',') FROM (
      SELECT file_name FROM load_task_files JOIN scanner ON scanner.id = file_id WHERE task_id = load_tasks.id ORDER BY file_id)) AS files,
    created_time, modified_time, status, failure_msg
  FROM load_tasks;

-- The schema that a table was given by its first file, or by the configuration.
CREATE TABLE load_schemas (
  target     TEXT NOT NULL,                   -- as a sink writes it
  table_name TEXT NOT NULL,
  schema     TEXT NOT NULL CHECK (json_valid(schema)),
  PRIMARY KEY (target, table_name)
) STRICT, WITHOUT ROWID;

-- Parquet files that are being published: a target without transactions. See docs/tables.md.
CREATE TABLE load_publications (
  task_id INTEGER PRIMARY KEY REFERENCES load_tasks (id),
  plan    TEXT NOT NULL CHECK (json_valid(plan))
) STRICT;
-- Which content a directory of Parquet files has: the unique constraint that a database has by itself.
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

-- How far a store of files was scanned: of each sink whose route is one.
CREATE TABLE scan_marks (
  sink_id                 INTEGER PRIMARY KEY REFERENCES sinks (id),
  last_file_modified_time TEXT,               -- of the newest file that was seen
  scanned_to_ms           INTEGER NOT NULL    -- the end of the last window that was scanned whole
) STRICT;

-- What was loaded in all.
ALTER TABLE totals ADD COLUMN loaded_files INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN loaded_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN rejected_rows INTEGER NOT NULL DEFAULT 0;
`;
