import type { z } from 'zod';
import { LOG_FORMATS, LOG_LEVELS } from '../log/levels.ts';
import {
  choice,
  flag,
  globs,
  listOf,
  type OptionSpec,
  path,
  pathText,
  SCOPE,
  seconds,
  whole,
} from './option-types.ts';
import { COMPLETION_MODES, DEDUPE_SCOPES, DUPLICATE_ACTIONS, WATCH_KINDS } from './settings.ts';

const { program, route } = SCOPE;

// Bounds that no machine this runs on goes beyond; they catch a slip of the finger before it forks a million processes.
const MAX_WORKERS = 1024;
const MAX_CONCURRENCY = 1024;
const MAX_ATTEMPTS = 1_000_000;
const MAX_QUEUE = 1_000_000_000;
const MAX_PORT = 65_535;

/**
 * Every option there is, by its name in the config file. The command line (`--stability-seconds`), the environment
 * (`WHARFINGER_STABILITY_SECONDS`), the config file, its JSON Schema and the help pages are all made of this one table.
 */
export const OPTIONS = {
  input: {
    ...route,
    text: 'list',
    schema: listOf(pathText),
    expects: 'a path',
    example: '/srv/in',
    placeholder: 'DIR',
    description: 'directory to watch; may be given more than once',
    fallback: 'data/staging',
  },
  recursive: {
    ...route,
    ...flag(false),
    description: 'watch the subdirectories of the input too',
    fallback: 'yes',
  },
  warehouse: {
    ...route,
    ...path('/srv/warehouse'),
    description: 'where files go, below ingest_date=YYYY-MM-DD/',
    fallback: 'data/warehouse',
  },
  manifests: {
    ...route,
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
    ...route,
    ...choice(COMPLETION_MODES, 'MODE'),
    description: 'when a file is complete: stability, sidecar or close-write',
    fallback: 'stability',
  },
  stability_seconds: {
    ...route,
    ...seconds(2.5, { orNone: true }),
    description: 'how long a file must stay unchanged; may be a fraction',
    fallback: '10',
  },
  include: {
    ...route,
    ...globs('**/*.csv'),
    description: 'take only what matches, by the path relative to the input; may be given more than once',
    fallback: 'all',
  },
  exclude: {
    ...route,
    ...globs('**/*.log'),
    description: 'leave out what matches, besides hidden and temporary names; may be given more than once',
  },
  dedupe: {
    ...route,
    ...choice(DEDUPE_SCOPES, 'HOW'),
    description: 'content: the same content is taken once, whatever its name; none: every file is taken',
    fallback: 'content',
  },
  on_duplicate: {
    ...route,
    ...choice(DUPLICATE_ACTIONS, 'HOW'),
    description: 'what becomes of a file whose content was taken before: move, delete or leave',
    fallback: 'move',
  },
  duplicates: {
    ...route,
    ...path('/srv/duplicates'),
    description: 'where duplicates are moved to',
    fallback: '<warehouse>/_duplicates',
  },
  workers: {
    ...program,
    ...whole(1, MAX_WORKERS, 8),
    description: 'worker processes',
    fallback: 'one a core',
  },
  concurrency: {
    ...program,
    ...whole(1, MAX_CONCURRENCY, 4),
    description: 'large files in flight in one worker',
    fallback: '4',
  },
  watch: {
    ...route,
    ...choice(WATCH_KINDS, 'HOW'),
    description: 'how files are noticed: inotify (events), poll (scans alone), or auto',
    fallback: 'auto',
  },
  scan_seconds: {
    ...route,
    ...seconds(60),
    description: 'how often to look at everything anyway',
    fallback: '60; 10 when polling',
  },
  overdue_seconds: {
    ...route,
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
    ...program,
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

export const isOptionName = (name: string): name is OptionName => Object.hasOwn(OPTIONS, name);

/** The options whose text names a place in the file system. */
export const PATH_OPTIONS = ['input', 'warehouse', 'manifests', 'duplicates', 'state_path'] as const;

/** `stability_seconds` → `--stability-seconds`. */
export const flagName = (name: OptionName): string => `--${name.replaceAll('_', '-')}`;

/** `stability_seconds` → `WHARFINGER_STABILITY_SECONDS`. */
export const environmentName = (name: OptionName): string => `WHARFINGER_${name.toUpperCase()}`;
