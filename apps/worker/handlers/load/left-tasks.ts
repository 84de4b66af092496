import type { LoadResult } from '../../../../shared/tables/targets/target.ts';
import type { WaitingFile } from '../../../../shared/tables/task-files.ts';
import type { Ready } from './match-files.ts';
import type { TableContext } from './table-context.ts';
import type { TaskInHand } from './task-in-hand.ts';

/** When a file is looked at again that somebody writes to, or whose content another task is publishing. */
const WRITTEN_MS = 10_000;
const PUBLISHED_MS = 1_000;

/** Why a task is left, and for how long. */
type Left = { reason: string; delayMs: number };

/** Tasks with files that cannot be loaded at this moment, and can soon. */
export class LeftTasks {
  readonly #left = new Map<number, Left>();

  /** Somebody writes to these files. */
  addWritten(files: readonly WaitingFile[]): void {
    for (const { taskId, name } of files)
      this.#add(taskId, { reason: `${name} is open for writing`, delayMs: WRITTEN_MS });
  }

  /** What a load left to another task, which is publishing the same contents. */
  addLater(ready: readonly Ready[], { later = [] }: LoadResult): void {
    const ids = new Set(later);
    for (const { file } of ready) {
      if (!ids.has(file.fileId)) continue;
      const reason = `another task is loading what is in ${file.name}`;
      this.#add(file.taskId, { reason, delayMs: PUBLISHED_MS });
    }
  }

  /** Has those wait that are still in hand. @throws LeaseLostError */
  end(
    tasks: ReadonlyMap<number, TaskInHand>,
    { clock, onLeft }: Pick<TableContext, 'clock' | 'onLeft'>,
  ): void {
    for (const [taskId, { reason, delayMs }] of this.#left) {
      const task = tasks.get(taskId);
      if (task === undefined) throw new Error(`a file of task ${taskId} is left, which is not in hand`);
      if (!task.over) onLeft([task], { reason, untilMs: clock.nowMs() + delayMs });
    }
    this.#left.clear();
  }

  /** A task is looked at again as a whole: after the longest of its waits. */
  #add(taskId: number, left: Left): void {
    if (left.delayMs >= (this.#left.get(taskId)?.delayMs ?? 0)) this.#left.set(taskId, left);
  }
}
