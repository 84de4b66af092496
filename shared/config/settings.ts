import { z } from 'zod';
import { COMPRESSIONS } from '../archive-sink/compressions.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../log/levels.ts';
import { JOB_KINDS } from '../queue/job.ts';
import { COLUMN_POLICIES, ENCODINGS } from '../tables/contract.ts';

/**
 * What the program runs with, once options, environment and config file are judged. Plain JSON, so that the supervisor can send
 * it to its children, and whole: nobody below asks for a default again. Paths are text, absolute and normalized; the config
 * file and the command line cannot name a directory that is not UTF-8.
 */

export const COMPLETION_MODES = ['stability', 'sidecar', 'close-write'] as const;
export const DUPLICATE_ACTIONS = ['move', 'delete', 'leave'] as const;
export const DEDUPE_SCOPES = ['content', 'none'] as const;
/** What becomes of a file that was uploaded from the directory that it was dropped into. */
export const AFTER_ACTIONS = ['remove', 'keep', 'move'] as const;
export const WATCH_KINDS = ['auto', 'inotify', 'poll'] as const;
export const DISCOVERERS = ['one', 'one-a-route', 'none'] as const;

/** Beyond it a timer of Node fires at once, and a wait of 24 days is a mistake anyhow. */
export const MAX_DURATION_MS = 2 ** 31 - 1;

const absolutePath = z.string().startsWith('/');
const durationMs = z.number().int().nonnegative().max(MAX_DURATION_MS);
const positiveDurationMs = z.number().int().positive().max(MAX_DURATION_MS);
const positive = z.int().positive();

/** A sink of object storage, or the one of an upload route. */
export const s3SinkSchema = z.strictObject({
  type: z.literal('s3'),
  /** Unique in its route. */
  name: z.string().min(1),
  /** The file with the profiles; undefined: searched for as the AWS CLI does. */
  credentials: absolutePath.optional(),
  to: z.discriminatedUnion('by', [
    /** Profile, bucket and key are the parts of the file's path below `<directory>/incoming/`; the file moves through its directories. */
    z.strictObject({ by: z.literal('path'), directory: absolutePath }),
    z.strictObject({
      by: z.literal('key'),
      profile: z.string().min(1),
      bucket: z.string().min(1),
      key: z.string().min(1),
    }),
  ]),
  decompress: z.boolean(),
  /** Of what one file unpacks to, in bytes, and in output bytes an input byte. */
  maxOutputBytes: positive,
  maxRatio: positive,
  /** What becomes of the file once its upload is verified. */
  after: z.discriminatedUnion('do', [
    z.strictObject({ do: z.literal('keep') }),
    z.strictObject({ do: z.literal('remove') }),
    z.strictObject({ do: z.literal('move'), directory: absolutePath }),
  ]),
});
export type S3Sink = z.infer<typeof s3SinkSchema>;

/** A sink that loads files into a table. */
export const loadSinkSchema = z.strictObject({
  type: z.literal('load'),
  /** Unique in its route. */
  name: z.string().min(1),
  target: z.discriminatedUnion('is', [
    z.strictObject({ is: z.literal('duckdb'), path: absolutePath }),
    /** Without a password. */
    z.strictObject({ is: z.literal('postgres'), url: z.string().min(1) }),
    z.strictObject({ is: z.literal('parquet'), directory: absolutePath }),
  ]),
  table: z.string().min(1),
  /** A task gathers files until the next one would pass `taskBytes`, or its first has waited `taskWaitMs`. */
  taskBytes: positive,
  taskWaitMs: durationMs,
  /** What is declared of the files; the rest is taken from the first of them. */
  declared: z.strictObject({
    columns: z.array(z.strictObject({ name: z.string().min(1), type: z.string().min(1) })).optional(),
    nulls: z.array(z.string()),
    delimiter: z.string().length(1).optional(),
    quote: z.string().length(1).optional(),
    header: z.boolean(),
    encoding: z.enum(ENCODINGS),
    key: z.array(z.string().min(1)),
  }),
  onColumns: z.enum(COLUMN_POLICIES),
  maxRejects: z.int().nonnegative(),
  lineage: z.boolean(),
});
export type LoadSink = z.infer<typeof loadSinkSchema>;
export type LoadTarget = LoadSink['target'];

/** A sink that deposits files into zip archives. */
export const archiveSinkSchema = z.strictObject({
  type: z.literal('archive'),
  /** Unique in its route. */
  name: z.string().min(1),
  base: absolutePath,
  /** Templates of the archive below the base, and of the member in it. */
  to: z.strictObject({ archive: z.string().min(1), member: z.string().min(1) }),
  compression: z.enum(COMPRESSIONS),
  /** How long deposits gather before they are collected. */
  publishMs: durationMs,
  /** False: another process collects. */
  scavenge: z.boolean(),
  /** A volume of this size is full. */
  volumeBytes: positive,
  /** The warehouse copy goes once its archive has it. */
  release: z.boolean(),
});
export type ArchiveSink = z.infer<typeof archiveSinkSchema>;

/** Every type of sink; each has its kind of job. */
export const sinkSchema = z.discriminatedUnion('type', [s3SinkSchema, loadSinkSchema, archiveSinkSchema]);
export type SinkSettings = z.infer<typeof sinkSchema>;

/** A directory, and when a file in it is complete. */
const watchedShape = {
  /** Unique among the routes. */
  name: z.string().min(1),
  input: absolutePath,
  recursive: z.boolean(),
  mode: z.enum(COMPLETION_MODES),
  stabilityMs: durationMs,
  /** Globs on the path relative to the input; an empty list takes all. */
  include: z.array(z.string()),
  exclude: z.array(z.string()),
  watch: z.enum(WATCH_KINDS),
  /** How often to scan; undefined leaves it to the way of watching: seldom with inotify, often when polling. */
  scanMs: positiveDurationMs.optional(),
  overdueMs: positiveDurationMs,
};
const watchedSchema = z.strictObject(watchedShape);
export type WatchedSettings = z.infer<typeof watchedSchema>;

/** A directory whose files are taken into custody. */
export const routeSettingsSchema = z.strictObject({
  ...watchedShape,
  warehouse: absolutePath,
  manifests: absolutePath,
  duplicates: absolutePath,
  onDuplicate: z.enum(DUPLICATE_ACTIONS),
  dedupe: z.enum(DEDUPE_SCOPES),
  sinks: z.array(sinkSchema),
});
export type RouteSettings = z.infer<typeof routeSettingsSchema>;

/** A directory whose files are uploaded from where they are, without custody. */
export const uploadRouteSchema = z.strictObject({
  ...watchedShape,
  /** Hidden and temporary names are files like any other: whoever puts a file there has finished it. */
  everyName: z.boolean(),
  sink: s3SinkSchema,
});
export type UploadRouteSettings = z.infer<typeof uploadRouteSchema>;

/** For whoever receives settings from another process; it judges form, `resolveSettings` judges sense. */
export const settingsSchema = z.strictObject({
  statePath: absolutePath,
  workers: positive,
  concurrency: positive,
  leaseMs: positiveDurationMs,
  maxAttempts: positive,
  queueLimit: positive,
  stopMs: durationMs,
  /** Undefined: no metrics server. 0: any free port. */
  metricsPort: z.int().nonnegative().max(65_535).optional(),
  logLevel: z.enum(LOG_LEVELS),
  logFormat: z.enum(LOG_FORMATS),
  once: z.boolean(),
  /** Of an upload: the delay before its first retry, which doubles, and how many there are. */
  retryMs: positiveDurationMs,
  maxRetries: z.int().nonnegative(),
  /** How long a stay that is over is on record, where nothing needs it. */
  keepRecordsDays: positive,
  routes: z.array(routeSettingsSchema),
  /** Found before `routes`, in this order. */
  uploadRoutes: z.array(uploadRouteSchema),
  /** Whether one process watches all routes, or each has its own, or nobody watches. */
  discoverers: z.enum(DISCOVERERS),
  /** The kinds of job that the workers take; undefined: all. */
  kinds: z.array(z.enum(JOB_KINDS)).min(1).optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Whether anything goes to object storage with these. */
export const sendsFiles = ({ routes, uploadRoutes }: Pick<Settings, 'routes' | 'uploadRoutes'>): boolean =>
  uploadRoutes.length > 0 || hasSink(routes, 's3');

/** Whether anything goes into a table with these. */
export const loadsFiles = ({ routes, kinds }: Pick<Settings, 'routes' | 'kinds'>): boolean =>
  kinds?.includes('load') === true || hasSink(routes, 'load');

/** Whether anything goes into archives with these. */
export const archivesFiles = ({ routes }: Pick<Settings, 'routes'>): boolean => hasSink(routes, 'archive');

/** Whether duplicates are moved: also where they are deleted, once a copy in an archive has taken the place of the one in the warehouse. */
export const movesDuplicates = ({
  onDuplicate,
  sinks,
}: Pick<RouteSettings, 'onDuplicate' | 'sinks'>): boolean =>
  onDuplicate === 'move' ||
  (onDuplicate === 'delete' && sinks.some((sink) => sink.type === 'archive' && sink.release));

/** The bases of archives, each once. */
export const basesOf = (routes: readonly RouteSettings[]): string[] => [
  ...new Set(
    routes.flatMap(({ sinks }) => sinks.flatMap((sink) => (sink.type === 'archive' ? [sink.base] : []))),
  ),
];

const hasSink = (routes: readonly RouteSettings[], type: SinkSettings['type']): boolean =>
  routes.some(({ sinks }) => sinks.some((sink) => sink.type === type));
