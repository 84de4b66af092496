import { toText } from '../../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { type DepositedFile, isEnded, type Step } from './file.ts';

/** Says in the log what became of files, after it has become so. @returns how many failed */
export function reportDeposits(steps: readonly Step<DepositedFile>[], logger: Logger): number {
  let failed = 0;
  logger.together(() => {
    for (const step of steps) {
      const source = toText(step.job.key);
      if (!isEnded(step)) {
        const { to, sink, staging } = step;
        logger.debug({ event: 'file.staged', source, base: sink.base, ...to, staging });
        continue;
      }
      const { outcome, job } = step;
      if (outcome.end === 'failed') {
        failed += 1;
        logger.error({ event: 'file.failed', job: job.id, source, reason: outcome.reason }, outcome.reason);
      } else if (outcome.end === 'delayed') {
        const run_at = new Date(outcome.runAtMs).toISOString();
        logger.debug({ event: 'file.delayed', source, run_at, reason: outcome.reason });
      }
    }
  });
  return failed;
}
