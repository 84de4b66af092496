import { z } from 'zod';
import { COMPRESSIONS } from '../archive-sink/compressions.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../log/levels.ts';
import { COLUMN_POLICIES } from '../tables/contract.ts';
import { DEFAULT_KEY } from '../uploads/key-template.ts';
import { archiveTemplate } from './archive-texts.ts';
import { bucketText, keyTemplate } from './object-texts.ts';
import {
  choice,
  flag,
  globs,
  listOf,
  OF,
  type OptionPlace,
  type OptionSpec,
  path,
  pathText,
  seconds,
  size,
  whole,
} from './option-types.ts';
import {
  AFTER_ACTIONS,
  COMPLETION_MODES,
  DEDUPE_SCOPES,
  DUPLICATE_ACTIONS,
  WATCH_KINDS,
} from './settings.ts';
import { tableText, targetText } from './table-texts.ts';

const { program, service, watched, custody, sent, target, afterwards, loaded, loading, scanned, archived } =
  OF;

// Bounds that no machine this runs on goes beyond; they catch a slip of the finger before it forks a million processes.
const MAX_WORKERS = 1024;
const MAX_CONCURRENCY = 1024;
const MAX_ATTEMPTS = 1_000_000;
const MAX_QUEUE = 1_000_000_000;
const MAX_PORT = 65_535;
const MAX_DAYS = 36_500;
const MAX_RATIO_EVER = 1_000_000_000;
const MAX_ROWS = 1_000_000_000_000;

/**
 * Every option there is, by its name in the config file. The command line (`--stability-seconds`), the environment
 * (`WHARFINGER_STABILITY_SECONDS`), the config file, its JSON Schema and the help pages are all made of this one table.
 */
export const OPTIONS = {
  input: {
    ...custody,
    text: 'list',
    schema: listOf(pathText),
    expects: 'a path',
    example: '/srv/in',
    placeholder: 'DIR',
    description: 'directory to watch; may be given more than once',
    fallback: 'data/staging',
  },
  recursive: {
    ...watched,
    ...flag(false),
    description: 'watch the subdirectories of the input too',
    fallback: 'yes',
  },
  warehouse: {
    ...custody,
    ...path('/srv/warehouse'),
    description: 'where files go, below ingest_date=YYYY-MM-DD/',
    fallback: 'data/warehouse',
  },
  manifests: {
    ...custody,
    ...path('/srv/manifests'),
    description: 'where records go, in YYYY/MM/DD/HH/manifest.jsonl',
    fallback: 'data/manifests',
  },
  state_path: {
    ...program,
    ...path('/var/lib/wharfinger/wharfinger.db', 'FILE'),
    description: 'the queue, the ledger and everything else that is durable; on a local disk',
    fallback: 'data/state/wharfinger.db',
  },
  mode: {
    ...watched,
    ...choice(COMPLETION_MODES, 'MODE'),
    description: 'when a file is complete: stability, sidecar or close-write',
    fallback: 'stability; for watch close-write',
  },
  stability_seconds: {
    ...watched,
    ...seconds(2.5, { orNone: true }),
    description: 'how long a file must stay unchanged; may be a fraction',
    fallback: '10',
  },
  include: {
    ...watched,
    ...globs('**/*.csv'),
    description: 'take only what matches, by the path relative to the input; may be given more than once',
    fallback: 'all',
  },
  exclude: {
    ...watched,
    ...globs('**/*.log'),
    description: 'leave out what matches, besides hidden and temporary names; may be given more than once',
  },
  dedupe: {
    ...custody,
    ...choice(DEDUPE_SCOPES, 'HOW'),
    description: 'content: the same content is taken once, whatever its name; none: every file is taken',
    fallback: 'content',
  },
  on_duplicate: {
    ...custody,
    ...choice(DUPLICATE_ACTIONS, 'HOW'),
    description: 'what becomes of a file whose content was taken before: move, delete or leave',
    fallback: 'move',
  },
  duplicates: {
    ...custody,
    ...path('/srv/duplicates'),
    description: 'where duplicates are moved to',
    fallback: '<warehouse>/_duplicates',
  },
  server_directory: {
    ...service,
    ...path('/srv/flood'),
    description: 'where files wait to be uploaded, in incoming/<profile>/<bucket>/',
  },
  credentials: {
    ...OF.credentials,
    ...path('/etc/wharfinger/credentials', 'FILE'),
    description: 'profiles of object storage, in the syntax of AWS; it alone counts where it is given',
    fallback: 'searched for as the AWS command line does',
  },
  target: {
    ...target,
    text: 'list',
    schema: listOf(pathText),
    expects: 'a path',
    example: '/srv/out',
    placeholder: 'DIR|FILE',
    description:
      'directory whose files are uploaded, or a YAML file with targets; a directory may be given more than once',
  },
  profile: {
    ...sent,
    text: 'text',
    schema: z.string().min(1),
    expects: 'the name of a profile',
    example: 'lab',
    placeholder: 'NAME',
    description: 'profile of the bucket, one of those in the credentials',
  },
  bucket: {
    ...sent,
    text: 'text',
    schema: bucketText,
    expects: 'the name of a bucket',
    example: 'archive',
    placeholder: 'NAME',
    description: 'bucket that the files go to; it must exist',
  },
  key: {
    ...sent,
    text: 'text',
    schema: keyTemplate,
    expects: 'the key of an object',
    example: '{ingest_date}/{path}',
    placeholder: 'TEMPLATE',
    description:
      'key of each object, made of {path}, {name}, {ingest_date}, {hour}, {route}; with the date, a name that comes again another day replaces nothing',
    fallback: DEFAULT_KEY,
  },
  decompress: {
    ...sent,
    ...flag(true),
    description: 'unpack gzip, zstd, bzip2, xz and zip, known by their content, and upload what is in them',
    fallback: 'no; for watch yes',
  },
  max_output_bytes: {
    ...sent,
    ...size('10GiB'),
    description: 'the most that one file may unpack to',
    fallback: '1TiB',
  },
  max_ratio: {
    ...sent,
    ...whole(1, MAX_RATIO_EVER, 2000),
    description: 'the most bytes that a byte of a file may unpack to',
    fallback: '2000',
  },
  after: {
    ...afterwards,
    ...choice(AFTER_ACTIONS, 'HOW'),
    description: 'what becomes of a file once its upload is verified: remove, keep or move',
    fallback: 'remove',
  },
  moved_to: {
    ...afterwards,
    ...path('/srv/sent'),
    description: 'where files are moved to, with after: move; on the file system of the target',
  },
  store: {
    ...scanned,
    ...path('/mnt/exports'),
    description: 'directory of files that are loaded where they are: only read, never moved',
  },
  interval_seconds: {
    ...scanned,
    ...seconds(3600),
    description: 'how far back a scan looks, and how often there is one',
    fallback: '3600',
  },
  into: {
    ...loaded,
    text: 'text',
    schema: targetText,
    expects: 'a target',
    example: 'duckdb:/srv/tables.duckdb',
    placeholder: 'TARGET',
    description: 'where the table is: duckdb:FILE, postgres://user@host/database or parquet:DIR',
  },
  table: {
    ...loaded,
    text: 'text',
    schema: tableText,
    expects: 'the name of a table',
    example: 'orders',
    placeholder: 'NAME',
    description: 'table that the rows go to; made where it is missing',
  },
  schema_file: {
    ...scanned,
    ...path('/etc/wharfinger/orders-schema.yaml', 'FILE'),
    description:
      'YAML file with what `schema` is in a sink: columns, null, delimiter, quote, header, encoding, key',
  },
  task_bytes: {
    ...loading,
    ...size('10MiB'),
    description: 'files are loaded together up to this size',
    fallback: '10MiB',
  },
  task_wait_seconds: {
    ...loading,
    ...seconds(60, { orNone: true }),
    description: 'how long a file waits at most for others to be loaded with',
    fallback: '60; none with --once',
  },
  on_columns: {
    ...loaded,
    ...choice(COLUMN_POLICIES, 'HOW'),
    description:
      'what is done with columns that a file has and the table lacks, or the other way round: add, ignore or fail',
    fallback: 'fail',
  },
  max_rejects: {
    ...loading,
    ...whole(0, MAX_ROWS, 100),
    description: 'how many rows of a file may be rejected before the file fails',
    fallback: '1000',
  },
  lineage: {
    ...loaded,
    ...flag(true),
    description: 'rows carry the id of their file and their line, as _file_id and _line',
    fallback: 'no',
  },
  base: {
    ...archived,
    ...path('/srv/archives'),
    description: 'directory that the archives lie in; it must exist',
  },
  archive: {
    ...archived,
    text: 'text',
    schema: archiveTemplate,
    expects: 'the name of an archive',
    example: '{ingest_date}/{hour}.zip/{path}',
    placeholder: 'TEMPLATE',
    description:
      'archive of each file below the base, up to the first part that ends in .zip, and its name in there, {path} unless said; made of {path}, {name}, {ingest_date}, {hour}, {route}',
  },
  compression: {
    ...archived,
    ...choice(COMPRESSIONS, 'HOW'),
    description: 'deflate or store',
    fallback: 'deflate',
  },
  publish_seconds: {
    ...archived,
    ...seconds(60, { orNone: true }),
    description: 'how long deposits gather before they are collected into their archives',
    fallback: '60; none with --once',
  },
  scavenge: {
    ...archived,
    ...flag(false),
    description: 'collect what is deposited; no: another process does',
    fallback: 'yes',
  },
  volume_bytes: {
    ...archived,
    ...size('64MiB'),
    description: 'an archive of this size is full, and goes on in a further volume',
    fallback: '64MiB',
  },
  release: {
    ...archived,
    ...flag(true),
    description: 'remove the warehouse copy of a file once its archive has it',
    fallback: 'no',
  },
  workers: {
    ...program,
    ...whole(1, MAX_WORKERS, 8),
    description: 'worker processes',
    fallback: 'one a core',
  },
  concurrency: {
    ...service,
    ...whole(1, MAX_CONCURRENCY, 4),
    description: 'large files in flight in one worker',
    fallback: '4',
  },
  watch: {
    ...watched,
    ...choice(WATCH_KINDS, 'HOW'),
    description: 'how files are noticed: inotify (events), poll (scans alone), or auto',
    fallback: 'auto',
  },
  scan_seconds: {
    ...watched,
    ...seconds(60),
    description: 'how often to look at everything anyway',
    fallback: '60; 10 when polling',
  },
  overdue_seconds: {
    ...watched,
    ...seconds(3600),
    description: 'report a file that is still not complete after this long',
    fallback: '3600',
  },
  lease_seconds: {
    ...program,
    ...seconds(30),
    description: 'how long a worker that went silent keeps its jobs',
    fallback: '30',
  },
  max_attempts: {
    ...program,
    ...whole(1, MAX_ATTEMPTS, 5),
    description: 'how often a job may bring its worker down before it counts as failed',
    fallback: '5',
  },
  queue_limit: {
    ...program,
    ...whole(1, MAX_QUEUE, 100_000),
    description: 'how many jobs may wait before no more are added',
    fallback: '100000',
  },
  retry_seconds: {
    ...program,
    ...seconds(30),
    description: 'how long after a failed upload or load it is tried again; doubles each time',
    fallback: '30',
  },
  max_retries: {
    ...program,
    ...whole(0, MAX_ATTEMPTS, 10),
    description: 'how often an upload or a load is tried again before it counts as failed',
    fallback: '10',
  },
  keep_records_days: {
    ...program,
    ...whole(1, MAX_DAYS, 90),
    description: 'how long an upload that is over is on record; the last of each object always is',
    fallback: '90',
  },
  stop_seconds: {
    ...program,
    ...seconds(10, { orNone: true }),
    description: 'how long work in hand may take to finish after the first signal',
    fallback: '10',
  },
  once: {
    ...program,
    ...flag(true),
    description: 'one pass over what is there now, then exit',
    fallback: 'no',
  },
  dry_run: {
    ...service,
    ...flag(true),
    description: 'one pass that says what would happen, a JSON line a file, and changes nothing',
    fallback: 'no',
  },
  metrics_port: {
    ...program,
    ...whole(0, MAX_PORT, 9464),
    placeholder: 'PORT',
    description: 'serve /metrics, /healthz and /readyz on 127.0.0.1; 0 takes any free port',
    fallback: 'off',
  },
  log_level: {
    ...program,
    ...choice(LOG_LEVELS, 'LEVEL'),
    description: `the least that is logged: ${LOG_LEVELS.join(', ')}`,
    fallback: 'info',
  },
  log_format: {
    ...program,
    ...choice(LOG_FORMATS, 'FORMAT'),
    description: 'json or pretty',
    fallback: 'pretty on a terminal, else json',
  },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;

/** The value of each option as the config file holds it. */
export type OptionValues = { [Name in OptionName]: z.output<(typeof OPTIONS)[Name]['schema']> };

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

/** The options that may stand in such a mapping. */
export const optionsOf = (place: OptionPlace): OptionName[] =>
  OPTION_NAMES.filter((name) => OPTIONS[name].of.some((other) => other === place));

export const isOptionName = (name: string): name is OptionName => Object.hasOwn(OPTIONS, name);

/** The options whose text names a place in the file system. */
export const PATH_OPTIONS = [
  'input',
  'warehouse',
  'manifests',
  'duplicates',
  'state_path',
  'server_directory',
  'credentials',
  'target',
  'moved_to',
  'store',
  'schema_file',
  'base',
] as const;

/** `stability_seconds` → `--stability-seconds`. */
export const flagName = (name: OptionName): string => `--${name.replaceAll('_', '-')}`;

/** `stability_seconds` → `WHARFINGER_STABILITY_SECONDS`. */
export const environmentName = (name: OptionName): string => `WHARFINGER_${name.toUpperCase()}`;
