/**
 * The name of every log event: the `event` of its record. A name is a contract with whoever searches or alerts on the
 * log, so it is not reused for anything else. Beside each stand the fields that its records carry, over those of every record:
 * `time` (ISO 8601, UTC, ms), `level`, `process` (for example `worker-3`), `pid`, and sometimes `msg`.
 *
 * Paths are text made by `toText`: U+FFFD stands where a name is not UTF-8. Times are in ms unless the name says otherwise.
 */
export const EVENT_NAMES = [
  // Files
  /** Committed. `source`, `path`, `sha256`, `size`, `route`, `id`. */
  'file.ingested',
  /** Committed by another worker than the dead one that had written its manifest line. `path`, `id`. */
  'file.adopted',
  /** Its content was committed before. `source`, `path` of the committed file, `action` (move, delete, leave), `sha256`. */
  'file.duplicate',
  /** Given up until a person or a change of the file says otherwise. `source`, `reason`. */
  'file.failed',
  /** A writer got in between; it is a candidate again. `source`, `reason`. */
  'file.put_back',
  /** Not now; tried again at `run_at` (ISO 8601). `source`, `reason`. */
  'file.delayed',
  /** Still not complete after `--overdue-seconds`. `source`, `waits_for`, `seen_seconds`. */
  'file.overdue',
  /** Not complete when `--once` ended. `source`, `waits_for`. */
  'file.incomplete',
  /** Gone before it was taken. `source`. */
  'file.vanished',
  /** Changed since it was judged complete; a candidate again. `source`. */
  'file.changed',
  /** Mode, owner, times or attributes that a copy could not keep. `path`, `lost`. */
  'file.attributes_lost',
  /** The sidecar of a committed file could not be removed. `path`, `reason`. */
  'sidecar.kept',

  // Object storage
  /** In its bucket, looked at there, and settled. `source`, `profile`, `bucket`, `filepath`, `key` (of the first, where there are several `objects`), `size`, `path` (where the file is now), `record`. */
  'file.uploaded',
  /** Not uploaded this time; tried again at `run_at`, or when its bucket can be sent to. `source`, `bucket`, `retries`, `reason`. */
  'upload.retry',
  /** The server does not say what it has: what was sent is not compared. `profile`, `reason`. Once a process. */
  'upload.unchecked',
  /** An upload in parts whose file was given up was taken off the server. `bucket`, `key`. */
  'upload.aborted',
  /** Records of uploads that ended long ago were removed from the state file. `records`. */
  'records.removed',
  /** A bucket is missing, or its provider cannot be reached: its files wait. `profile`, `bucket`, `reason`. And that it can be sent to again. `jobs`. */
  'bucket.closed',
  'bucket.open',
  /** Something about the file with the credentials that is worth a word. `reason`. */
  'credentials.warning',
  /** A copy that nobody works on any more was removed from `incoming_tmp`. `path`. */
  'copy.removed',

  // Tables
  /** Every file of a task is in its table. `task`, `table`, `files` (`present` of them were there before), `rows`, `rejects`, `ms`. */
  'load.loaded',
  /** A file, or a whole task, is not loaded before a person does something. `task`, `source` of a file, `reason`. */
  'load.failed',
  /** A file of a store is not what was scanned: it is left to a later scan. `source`, `task`, `reason`. */
  'load.changed',
  /** Rows of a file were rejected. `source`, `task`, `rows`, `rejects`. */
  'load.rejected',
  /** A target is away, or busy, or a warehouse is not mounted: tasks wait. `tasks`, `run_at` of the first, `reason`. */
  'load.waiting',

  // Archives
  /** Durable in a staging archive. `source`, `base`, `archive`, `member`, `staging`. */
  'file.staged',
  /** In its archive. `source`, `base`, `archive`, `member`, `volume`, `stored_as` (the member in that volume), `size`. */
  'file.archived',
  /** Its deposit is lost, and made once more. `source`, `base`, `archive`, `member`, `staging`. */
  'file.unstaged',
  /** The warehouse copy is gone, the archive's copy counts. `source`, `archive`, `member`. */
  'file.released',
  /** It was to be released, and is not, or not yet. `source`, `reason`. */
  'file.kept',
  /** Somebody else collects a base, or is to: files wait. `base`, `run_at`, `reason`. */
  'archive.waiting',
  /** A volume was written anew, with what is new. `base`, `archive`, `volume`, `members`, `bytes`. */
  'archive.published',
  /** A name came with another content than it has. `archive`, `member`, `stored_as`. */
  'archive.version',
  /** Something in a staging archive was cut; the rest is collected. `file`, `detail`. */
  'archive.damaged',
  /** A file in the inbox is no staging archive. `file`, `detail`. */
  'archive.quarantined',
  /** A volume is no valid zip; it is left as it is. `volume`, `detail`. */
  'archive.bad_volume',
  /** The staging archive of a writer that is gone, or silent. `file`, `detail`. */
  'archive.taken',

  // Watching
  /** inotify cannot serve: polling instead. `route`, `input`, `reason`. Once a route. */
  'watch.degraded',
  /** inotify serves again. `route`, `input`. */
  'watch.recovered',
  /** The kernel dropped events: a scan follows. `route`. */
  'watch.overflow',
  /** The open-writer check does not work here, and is left out. `route`, `input`, `reason`. */
  'watch.no_lease_support',
  /** A scan ended. `route`, `files`, `enqueued`, `candidates`, `duration_ms`. */
  'scan.finished',
  /** The files of a route become something else than before: its old jobs were dropped, and are made anew. `route`, `jobs`. */
  'route.switched',
  /** A directory could not be read; what is in it is not seen. `path`, `reason`. */
  'scan.refused',
  /** An input directory is gone, or is there again. `route`, `input`. */
  'input.missing',
  'input.recovered',
  /** The queue is at `--queue-limit`: the discoverer waits. `ready`; and that it goes on. */
  'queue.full',
  'queue.resumed',

  // A store of files that is only read
  /** A scan of it ended. `store`, `seen`, `added`, `bytes`, `tasks`, `incomplete`, `whole` (false: something could not be read), `duration_ms`. */
  'store.scanned',
  /** It is gone, or is there again. `store`, `reason`. */
  'store.missing',
  'store.recovered',

  // Places and state
  /** A destination refuses (no space, read-only, not mounted, …): jobs wait. Once until it recovers. `path`, `reason`. */
  'place.refused',
  'place.recovered',
  /** The state file refuses (busy, full, I/O error): tried again. `reason`, `retry_in_ms`; and that it answers again. */
  'state.refused',
  'state.recovered',
  /** A manifest is shorter than what was committed to it: somebody cut or removed it. `path`, `committed_bytes`, `found_bytes`. */
  'manifest.shortened',
  /** Whole lines of a manifest were of nothing that the state file knows, and were thrown away: it is older than they are. `path`, `lines`. */
  'manifest.cut',
  /** Jobs of a lease that ended without its holder. `owner`, `jobs`, `cause` (expired, dead). */
  'lease.reclaimed',
  /** The holder found its lease gone and dropped the jobs. `jobs`. */
  'lease.lost',

  // Processes
  /** The supervisor runs. `workers`, `state_path`, `version`. */
  'supervisor.started',
  /** The first signal, or another reason to stop. `signal`; and that all children are gone. */
  'supervisor.stopping',
  'supervisor.stopped',
  /** It has its settings and its state file open, and begins its work. Of a discoverer, the `routes` that it watches. */
  'discoverer.started',
  'worker.started',
  /** A child ended without being asked to. `name`, `child_pid`, `code`, `signal`, `reason` if it gave one, `restart_in_ms`. */
  'discoverer.died',
  'worker.died',
  /** The supervisor heard that a child began its work, or saw it end as asked. `name`, `child_pid`. */
  'child.started',
  'child.stopped',
  /** A child did not end within `--stop-seconds` and was killed. `name`, `child_pid`. */
  'child.killed',
  /** The supervisor is gone: the child stops. */
  'supervisor.lost',
  /** A message between processes could not be understood, and was dropped. `reason`. */
  'ipc.refused',

  // Sums
  /** Every 10 s and at the end: `files_per_second`, `bytes_per_second`, where files are uploaded `uploads_per_second` and `upload_bytes_per_second`, where they are loaded into tables `rows_per_second`, `unloaded_files`, `oldest_unloaded_seconds` and `rejected_rows` (in all), where they are archived `archived_per_second`, `unpublished_files` and `oldest_unpublished_seconds`, `queue_depth`, `oldest_job_seconds`, `candidates`, `failed`, `processes`. */
  'metrics',
  /** The state file could not be read for the sums; said once until it can. `err`. */
  'metrics.refused',
  /** The metrics server listens. `url`. */
  'metrics.listening',
  /** What a `--once` run did: `committed`, `bytes`, `duplicates`, `uploaded`, `uploaded_bytes`, `loaded_files`, `loaded_rows`, `rejected_rows`, `archived_files`, `archived_bytes`, `failed`, `delayed`, `incomplete`, `duration_ms`. */
  'once.finished',

  // Defects
  /** Something that should never happen. `err` with a stack. */
  'defect',
] as const;

export type EventName = (typeof EVENT_NAMES)[number];
