import type { Clock } from '../../../../shared/clock.ts';
import { errnoOf, LeaseLostError, WharfingerError } from '../../../../shared/errors.ts';
import { type Failure, failureOf } from '../../../../shared/object-store/failure.ts';
import type { Gate } from './gate.ts';
import { type SendContext, sendFile } from './send-file.ts';
import type { KeyedObject, Taken, Tried, Verdict } from './stay.ts';

export type TryContext = SendContext & {
  gate: Gate;
  clock: Clock;
  random: () => number;
  /** Before the first retry; it doubles. */
  retryMs: number;
  maxRetries: number;
};

/** Nobody waits longer for a retry: 30 s doubled ten times is more than eight hours. */
const LONGEST_RETRY_MS = 12 * 3_600_000;

/** Sends one file, and says what is to become of it. @throws what is a defect of ours, or LeaseLostError */
export async function tryFile(file: Taken, context: TryContext): Promise<Tried> {
  const untried = verdictWithout(file, context);
  if (untried !== undefined) return { ...file, startedMs: undefined, verdict: untried };
  const startedMs = context.clock.nowMs();
  return { ...file, startedMs, verdict: await verdictOf(file, context) };
}

/** Of a file that is not to be sent, or not now. */
function verdictWithout({ record, plan }: Taken, { signal, gate, store }: TryContext): Verdict | undefined {
  // Its way was recorded by whoever had it before, and only its leaving is left.
  if (record.outcome === 'success') {
    const sent = store.objects.ofRecord(record.id).filter(({ isSent }) => isSent);
    const objects = sent.map((object) => ({ ...object, wasThere: true }));
    return { is: 'sent', objects, sizeBytes: record.sizeBytes };
  }
  if (record.outcome === 'failure') return { is: 'failed', reason: record.reason ?? '' };
  if (signal.aborted) return { is: 'released' };
  const closed = gate.closed(plan.bucket);
  return closed && { is: 'waits', reason: closed.reason, runAtMs: closed.untilMs };
}

async function verdictOf(file: Taken, context: TryContext): Promise<Verdict> {
  const { plan } = file;
  const refused = context.gate.refused(plan.bucket);
  if (refused !== undefined) return { is: 'failed', reason: refused };
  try {
    const objects = await sendFile(file, context);
    context.gate.works(plan.bucket);
    return { is: 'sent', objects, sizeBytes: sizeOf(objects) };
  } catch (error) {
    if (context.signal.aborted) return { is: 'released' };
    return verdictOfError(error, file, context);
  }
}

const sizeOf = (objects: readonly KeyedObject[]): number =>
  objects.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);

function verdictOfError(error: unknown, file: Taken, context: TryContext): Verdict {
  if (error instanceof LeaseLostError) throw error;
  const failure = failureOf(error);
  if (failure !== undefined) return verdictOfFailure(failure, file, context);
  // Ours: the file cannot be read, unpacked, or named; or was written to, which is worth another look.
  if (error instanceof WharfingerError && !error.code.startsWith('state.'))
    return error.retryable ? retry(error.message, file, context) : { is: 'failed', reason: withHint(error) };
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  return retry(`it cannot be read (${errno})`, file, context);
}

const withHint = ({ message, hint }: WharfingerError): string =>
  hint === undefined ? message : `${message}; ${hint}`;

function verdictOfFailure({ kind, isOutage, reason }: Failure, file: Taken, context: TryContext): Verdict {
  const { gate } = context;
  const { bucket } = file.plan;
  switch (kind) {
    case 'aborted':
      return { is: 'released' };
    case 'permanent':
      return { is: 'failed', reason };
    case 'no-bucket':
      return { is: 'waits', reason, runAtMs: gate.missing(bucket) };
    case 'transient':
    case 'throttled':
    case 'reread':
    case 'start-again': {
      if (isOutage) gate.unreachable(bucket, reason);
      else gate.stumbled(bucket, reason);
      return retry(reason, file, context);
    }
  }
}

function retry(reason: string, { record }: Taken, context: TryContext): Verdict {
  const { clock, random, retryMs, maxRetries } = context;
  if (record.retries >= maxRetries)
    return { is: 'failed', reason: `${reason}; given up after ${maxRetries} retries` };
  return { is: 'retry', reason, runAtMs: clock.nowMs() + retryDelayMs(record.retries, retryMs, random) };
}

/** 30 s, 60 s, 120 s, …: the last half of each is chance, so that files that failed together do not come back together. */
export function retryDelayMs(retries: number, retryMs: number, random: () => number): number {
  const boundMs = Math.min(LONGEST_RETRY_MS, retryMs * 2 ** Math.min(retries, 30));
  return Math.ceil(boundMs / 2 + random() * (boundMs / 2));
}
