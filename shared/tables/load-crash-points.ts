/** Where a crash test of loading may strike, as `CRASH_POINTS` of custody. What is found after each stands in docs/tables.md. */
export const LOAD_CRASH_POINTS = [
  'load.in-transaction',
  'load.before-commit',
  'load.committed',
  'parquet.written',
  'parquet.planned',
  'parquet.renamed',
  'parquet.published',
  'load.claimed',
  'load.audited',
  'load.settled',
] as const;

export type LoadCrashPoint = (typeof LOAD_CRASH_POINTS)[number];

/** Told when a point is passed. */
export type LoadCrashPoints = { reach(point: LoadCrashPoint): void };

export const noLoadCrashPoints: LoadCrashPoints = { reach: () => undefined };
