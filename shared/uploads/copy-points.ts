import { type CrashPoint, crashPointsFrom } from '../crash-points.ts';

/**
 * Where a test may stop or kill a copy, and who cleans up after copies. Armed by the same variables as `CRASH_POINTS`: a list of its own,
 * since each of those is reached by a server.
 */
export const COPY_POINTS = [
  'copy-in.created',
  'copy-in.locked',
  'copy-in.written',
  'copy-in.recorded',
  'copy-in.renamed',
  'copy-in.directories-durable',
  'copy-in.arrived',
  'copy-in.clean-opened',
  'copy-in.clean-locked',
  'copy-in.clean-removed',
] as const;

export type CopyPoint = (typeof COPY_POINTS)[number];

/** Told when a point is passed. */
export type CopyPoints = { reach(point: CopyPoint): void };

export const noCopyPoints: CopyPoints = { reach: () => undefined };

/** What the environment arms, for tests alone; see `crashPointsFrom`. */
export function copyPointsFrom(env: Readonly<Record<string, string | undefined>>): CopyPoints {
  const points = crashPointsFrom(env);
  return {
    reach(point) {
      const name: string = point;
      points.reach(name as CrashPoint);
    },
  };
}
