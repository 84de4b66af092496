import { toText } from '../../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { type Delta, NO_DELTA } from '../../delta.ts';
import type { Settled } from './settle.ts';
import type { TaskInHand } from './task-in-hand.ts';
import type { Stopped } from './trouble.ts';

/** Says in the log what became of files and tasks, after it has become so. */
export function reportSettled(
  { loaded, failed, superseded, done }: Settled,
  tasks: ReadonlyMap<number, TaskInHand>,
  logger: Logger,
  monotonicMs: number,
): Delta {
  const delta: Delta = { ...NO_DELTA, failed: failed.length };
  logger.together(() => {
    for (const { file, rows, rejects, state } of loaded) {
      const tally = tasks.get(file.taskId)?.tally;
      if (tally !== undefined) tally.files += 1;
      if (state === 'present') {
        if (tally !== undefined) tally.present += 1;
        continue;
      }
      if (tally !== undefined) {
        tally.rows += rows;
        tally.rejects += rejects;
      }
      delta.loadedFiles += 1;
      delta.loadedRows += rows;
      delta.rejectedRows += rejects;
      if (rejects > 0)
        logger.warn(
          { event: 'load.rejected', source: toText(file.path), task: file.taskId, rows, rejects },
          'rows of it are not in the table; its table of rejects says why',
        );
    }
    for (const { file, reason, code, taskId } of failed)
      logger.error({ event: 'load.failed', source: toText(file.path), task: taskId, code, reason }, reason);
    for (const { file, reason } of superseded)
      logger.warn({ event: 'load.changed', source: toText(file.path), task: file.taskId, reason }, reason);
    for (const task of done) {
      if (failed.some(({ taskId }) => taskId === task.id)) continue;
      const { settings } = task.sink;
      const ms = Math.round(monotonicMs - task.startedMs);
      logger.info({ event: 'load.loaded', task: task.id, table: settings.table, ...task.tally, ms });
    }
  });
  return delta;
}

/** The same of tasks whose target did not take them. @param level of waiting @returns how many failed */
export function reportStopped(
  { failed, waiting, reason, untilMs }: Stopped,
  logger: Logger,
  level: 'warn' | 'debug' = 'warn',
): number {
  for (const { id, sink } of failed)
    logger.error({ event: 'load.failed', task: id, table: sink.settings.table, reason }, reason);
  if (waiting.length > 0) {
    const run_at = new Date(untilMs).toISOString();
    logger[level]({ event: 'load.waiting', tasks: waiting.length, run_at, reason }, reason);
  }
  return failed.length;
}
