import { toText } from '../../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { type Delta, NO_DELTA } from '../../delta.ts';
import type { Settled } from './conclude.ts';
import type { Ended, Tried } from './stay.ts';

/** Says in the log what became of each file of a group, after it has become so. */
export function reportSettled(files: readonly Settled[], logger: Logger): Delta {
  const delta: Delta = { ...NO_DELTA };
  logger.together(() => {
    for (const file of files) reportOne(file, delta, logger);
  });
  return delta;
}

function reportOne({ file, is, path }: Settled, delta: Delta, logger: Logger): void {
  const { record, job } = file;
  const { profile, bucket, filepath } = record;
  const where = { source: toText(record.path), profile, bucket, filepath, record: record.id };
  switch (is) {
    case 'completed':
      delta.uploaded += 1;
      delta.uploadedBytes += record.sizeBytes;
      logger.info({
        event: 'file.uploaded',
        ...where,
        ...keysOf(file),
        size: record.sizeBytes,
        path: toText(path),
      });
      return;
    case 'failed': {
      delta.failed += 1;
      const reason = reasonOf(file);
      logger.error({ event: 'file.failed', job: job.id, ...where, path: toText(path), reason }, reason);
      return;
    }
    case 'waits': {
      const reason = reasonOf(file);
      if (file.startedMs === undefined) {
        logger.debug({ event: 'file.delayed', source: where.source, reason });
        return;
      }
      const runAtMs = 'runAtMs' in file.verdict ? file.verdict.runAtMs : undefined;
      const run_at = runAtMs === undefined ? undefined : new Date(runAtMs).toISOString();
      logger.warn({ event: 'upload.retry', ...where, retries: record.retries, run_at, reason }, reason);
      return;
    }
    case 'released':
      return;
  }
}

/** What was unpacked has other keys than its file, and perhaps many. */
function keysOf({ verdict, plan }: Tried): { key: string; objects?: number } {
  const [first, ...others] = verdict.is === 'sent' ? verdict.objects : [];
  const key = first?.key ?? plan.key;
  return others.length === 0 ? { key } : { key, objects: others.length + 1 };
}

function reasonOf(file: Settled['file']): string {
  if ('to' in file) return file.reason ?? '';
  return 'reason' in file.verdict ? file.verdict.reason : '';
}

/** The same for files that were not tried. @returns how many failed */
export function reportEnded(files: readonly Ended[], logger: Logger): number {
  let failed = 0;
  logger.together(() => {
    for (const { job, outcome } of files) {
      const source = toText(job.key);
      if (outcome.end === 'failed') {
        failed += 1;
        logger.error({ event: 'file.failed', job: job.id, source, reason: outcome.reason }, outcome.reason);
      } else if (outcome.end === 'vanished')
        logger.warn({ event: 'file.vanished', source }, 'somebody took it away before it was uploaded');
      else if (outcome.end === 'candidate')
        logger.debug({ event: 'file.changed', source, reason: outcome.why }, outcome.why);
      else if (outcome.end === 'delayed')
        logger.debug({ event: 'file.delayed', source, reason: outcome.reason });
    }
  });
  return failed;
}
