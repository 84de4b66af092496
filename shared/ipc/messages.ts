import { z } from 'zod';
import { settingsSchema } from '../config/settings.ts';

/**
 * Every message between the supervisor and its children. The database is the truth: a message only wakes, reports or asks to
 * stop, so that one which is lost costs time and nothing else.
 */

const count = z.number().int().nonnegative();

export const ROLES = ['discoverer', 'worker'] as const;
export type Role = (typeof ROLES)[number];

/** What a pass of the discoverer over all routes found; the counts are whole, the examples bounded by the sender. */
export const scanReportSchema = z.object({
  /** Files looked at, the excluded ones not among them. */
  seenFiles: count,
  /** Jobs that are new, or ready again. */
  enqueuedJobs: count,
  /** Files that are not complete yet. */
  incompleteFiles: count,
  /** Some of those, as text, with what each waits for. */
  incomplete: z.array(z.object({ source: z.string(), waitsFor: z.string() })),
});
export type ScanReport = z.infer<typeof scanReportSchema>;

/** How much happened since the last report of this process. */
export const progressSchema = z.object({
  files: count,
  bytes: count,
  duplicates: count,
  failed: count,
  uploaded: count,
  uploadedBytes: count,
  loadedFiles: count,
  loadedRows: count,
  rejectedRows: count,
  archivedFiles: count,
  archivedBytes: count,
});
export type Progress = z.infer<typeof progressSchema>;

export const toChildSchema = z.discriminatedUnion('type', [
  /** The first message: what to be, with which settings, and whether log lines end at a terminal with colours. */
  z.object({
    type: z.literal('configure'),
    role: z.enum(ROLES),
    name: z.string(),
    settings: settingsSchema,
    colour: z.boolean(),
  }),
  /** There may be jobs: look now. */
  z.object({ type: z.literal('wake') }),
  /** Finish all there is and exit (`--once`). */
  z.object({ type: z.literal('drain') }),
  /** Claim nothing more, finish or hand back what is in hand, exit. */
  z.object({ type: z.literal('stop') }),
]);
export type ToChild = z.infer<typeof toChildSchema>;

export const fromChildSchema = z.discriminatedUnion('type', [
  /** The state is open and the work has begun. */
  z.object({ type: z.literal('started') }),
  /** Jobs were enqueued. */
  z.object({ type: z.literal('wake') }),
  z.object({ type: z.literal('progress'), ...progressSchema.shape }),
  /** The one pass of `--once` is over. */
  z.object({ type: z.literal('scanned'), report: scanReportSchema }),
  /** Why the child is about to exit with `exitCode`: an expected error, to be shown by the supervisor. */
  z.object({
    type: z.literal('failed'),
    exitCode: z.number().int(),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    retryable: z.boolean(),
  }),
]);
export type FromChild = z.infer<typeof fromChildSchema>;
