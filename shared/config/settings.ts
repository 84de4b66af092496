import { z } from 'zod';
import { LOG_FORMATS, LOG_LEVELS } from '../log/levels.ts';

/**
 * What the program runs with, once options, environment and config file are judged. Plain JSON, so that the supervisor can send
 * it to its children, and whole: nobody below asks for a default again. Paths are text, absolute and normalized; the config
 * file and the command line cannot name a directory that is not UTF-8.
 */

export const COMPLETION_MODES = ['stability', 'sidecar', 'close-write'] as const;
export const DUPLICATE_ACTIONS = ['move', 'delete', 'leave'] as const;
export const DEDUPE_SCOPES = ['content', 'none'] as const;
export const WATCH_KINDS = ['auto', 'inotify', 'poll'] as const;

/** Beyond it a timer of Node fires at once, and a wait of 24 days is a mistake anyhow. */
export const MAX_DURATION_MS = 2 ** 31 - 1;

const absolutePath = z.string().startsWith('/');
const durationMs = z.number().int().nonnegative().max(MAX_DURATION_MS);
const positiveDurationMs = z.number().int().positive().max(MAX_DURATION_MS);
const positive = z.int().positive();

export const routeSettingsSchema = z.strictObject({
  /** Unique among the routes. */
  name: z.string().min(1),
  input: absolutePath,
  recursive: z.boolean(),
  warehouse: absolutePath,
  manifests: absolutePath,
  duplicates: absolutePath,
  onDuplicate: z.enum(DUPLICATE_ACTIONS),
  dedupe: z.enum(DEDUPE_SCOPES),
  mode: z.enum(COMPLETION_MODES),
  stabilityMs: durationMs,
  /** Globs on the path relative to the input; an empty list takes all. */
  include: z.array(z.string()),
  exclude: z.array(z.string()),
  watch: z.enum(WATCH_KINDS),
  /** How often to scan; undefined leaves it to the way of watching: seldom with inotify, often when polling. */
  scanMs: positiveDurationMs.optional(),
  overdueMs: positiveDurationMs,
});
export type RouteSettings = z.infer<typeof routeSettingsSchema>;

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
  /** At least one. */
  routes: z.array(routeSettingsSchema).min(1),
});
export type Settings = z.infer<typeof settingsSchema>;
