import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import type { ArchiveCrashPoint } from './archives/contract.ts';
import type { LoadCrashPoint } from './tables/load-crash-points.ts';

/**
 * Every place where a crash test may strike: before and after each durable step of taking custody. Each is a no-op unless armed.
 * What recovery finds after each stands in docs/design.md.
 */
export const CRASH_POINTS = [
  'discover.before-enqueue',
  'discover.enqueued',
  'ingest.claimed',
  'ingest.read',
  'ingest.decided',
  'place.data-durable',
  'place.destination-moved',
  'place.renamed',
  'place.directories-durable',
  'copy.temporary-created',
  'copy.temporary-durable',
  'copy.renamed',
  'copy.stepped-aside',
  'copy.unlinked',
  'put-back.returned',
  'commit.lines-written',
  'commit.lines-durable',
  'commit.before-transaction-ends',
  'commit.committed',
  'commit.sidecar-removed',
] as const;

/** The same for the way to object storage: see docs/object-storage.md. */
export const UPLOAD_CRASH_POINTS = [
  'upload.claimed',
  'upload.recorded',
  'upload.moved-in',
  'upload.in-durable',
  'upload.parts-asked',
  'upload.parts-begun',
  'upload.part-sent',
  'upload.parts-ended',
  'upload.sent',
  'upload.concluded',
  'upload.moved-out',
  'upload.out-durable',
  'upload.settled',
] as const;

export type CrashPoint =
  | (typeof CRASH_POINTS)[number]
  | (typeof UPLOAD_CRASH_POINTS)[number]
  | LoadCrashPoint
  | ArchiveCrashPoint;

/** Told when a point is passed. */
export type CrashPoints = { reach(point: CrashPoint): void };

export const noCrashPoints: CrashPoints = { reach: () => undefined };

/**
 * What the environment arms, for tests alone:
 * - `WHARFINGER_CRASH_AT=point` or `point:3` kills this process with SIGKILL at the first or third time the point is reached;
 *   with `WHARFINGER_CRASH_ONCE=FILE` only the process that succeeds in creating FILE dies, so that its successor goes on.
 * - `WHARFINGER_PAUSE_AT=point` with `WHARFINGER_PAUSE_FILE=FILE` creates FILE there, once, and waits until somebody has removed it.
 * - `WHARFINGER_CRASH_TRACE=FILE` notes each point that is reached.
 */
export function crashPointsFrom(env: Readonly<Record<string, string | undefined>>): CrashPoints {
  const { WHARFINGER_CRASH_AT: at, WHARFINGER_CRASH_ONCE: once } = env;
  const {
    WHARFINGER_PAUSE_AT: pauseAt,
    WHARFINGER_PAUSE_FILE: pauseFile,
    WHARFINGER_CRASH_TRACE: trace,
  } = env;
  if (at === undefined && pauseAt === undefined && trace === undefined) return noCrashPoints;
  const [armed, count = '1'] = (at ?? '').split(':');
  let left = Number(count);
  let paused = false;
  return {
    reach(point) {
      if (trace !== undefined) appendFileSync(trace, `${point}\n`);
      if (point === pauseAt && pauseFile !== undefined && !paused) {
        paused = true;
        waitForRemoval(pauseFile);
      }
      if (point !== armed) return;
      left -= 1;
      if (left === 0 && (once === undefined || isCreated(once))) process.kill(process.pid, 'SIGKILL');
    },
  };
}

/** @returns false where another process was first */
function isCreated(file: string): boolean {
  try {
    writeFileSync(file, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** Only in the first process of all that comes here. */
function waitForRemoval(file: string): void {
  if (!isCreated(`${file}.once`) || !isCreated(file)) return;
  while (existsSync(file)) Atomics.wait(never, 0, 0, 5);
}
