import type { Candidate, WaitsFor } from '../../../shared/queue/candidates.ts';
import type { Moment } from './steady-clock.ts';

/** What a file still lacks, and when to look again; without `dueMs` at the next event or scan. */
export type Wait = { waitsFor: WaitsFor; dueMs: number | undefined };

/** What the rules look at. */
export type Look = {
  fingerprint: string;
  /** See `latestCtimeMs` in shared/fs/latest-ctime.ts. */
  ctimeMs: number;
  /** Whether the file system sets ctime by this machine's clock, and nobody else can. */
  trustsCtime: boolean;
  moment: Moment;
  /** What was remembered from the last look. */
  candidate: Pick<Candidate, 'fingerprint' | 'observedMs' | 'firstSeenMs'> | undefined;
};

/** A ctime that is ahead by less than this is that of a file touched since the clock was read. */
const CTIME_SLACK_MS = 1000;

/** Not before: a file that is written without pause is no reason to look without pause, however short the window is. */
const LEAST_WAIT_MS = 20;

/**
 * Whether a file has been left alone for `stabilityMs`. Nobody can set ctime, and every write, rename and re-dating moves it to now: where it
 * can be trusted its age is the answer, however new the file is to us. Where not, the file must be found the same after that time.
 *
 * @returns undefined where it has
 */
export function stabilityWait(look: Look, stabilityMs: number): Wait | undefined {
  if (stabilityMs === 0) return undefined;
  const { nowMs, steadyMs } = look.moment;
  const isTrusted = look.trustsCtime && look.ctimeMs <= nowMs + CTIME_SLACK_MS;
  const sinceMs = isTrusted ? look.ctimeMs : observedSinceMs(look);
  const leftMs = Math.max(sinceMs + stabilityMs - nowMs, stabilityMs - steadyMs);
  if (leftMs <= 0) return undefined;
  return {
    waitsFor: isTrusted ? 'stability' : 'second-look',
    dueMs: nowMs + Math.max(leftMs, Math.min(stabilityMs, LEAST_WAIT_MS)),
  };
}

/** Since when it is known to be as it is now; an observation that lies in the future was made by another clock. */
function observedSinceMs({ candidate, fingerprint, moment: { nowMs } }: Look): number {
  const isSame = candidate?.fingerprint === fingerprint && candidate.observedMs <= nowMs;
  return isSame ? candidate.observedMs : nowMs;
}

const WRITER_LEAST_MS = 500;
const WRITER_MOST_MS = 30_000;

/** Somebody has it open: looked at again after as long as it has waited already. */
export function writerWait({ candidate, moment: { nowMs } }: Pick<Look, 'candidate' | 'moment'>): Wait {
  return { waitsFor: 'writer', dueMs: nowMs + backOffMs(candidate, nowMs) };
}

/** Somebody has the sidecar open. */
export function sidecarWriterWait({
  candidate,
  moment: { nowMs },
}: Pick<Look, 'candidate' | 'moment'>): Wait {
  return { waitsFor: 'sidecar', dueMs: nowMs + backOffMs(candidate, nowMs) };
}

const backOffMs = (candidate: Look['candidate'], nowMs: number): number =>
  Math.min(WRITER_MOST_MS, Math.max(WRITER_LEAST_MS, nowMs - (candidate?.firstSeenMs ?? nowMs)));

/**
 * Whether a candidate that a scan meets can be left to its due moment: untouched, and that moment is to come. One that lies further
 * ahead than any wait was set by a clock that has been set back.
 */
export function isStillWaiting(
  candidate: Pick<Candidate, 'fingerprint' | 'dueMs'>,
  fingerprint: string,
  nowMs: number,
  stabilityMs: number,
): boolean {
  const { dueMs } = candidate;
  if (candidate.fingerprint !== fingerprint || dueMs === undefined) return false;
  return dueMs > nowMs && dueMs <= nowMs + Math.max(stabilityMs, WRITER_MOST_MS);
}
