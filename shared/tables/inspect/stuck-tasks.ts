import type { State } from '../../state/open.ts';

/**
 * Tasks whose job was given up without them: their worker died under it again and again, or there was a defect. They are failed like any
 * other, but for the word in their status, which only a worker that holds them writes.
 */
export const stuckTasks = (state: State): number[] =>
  state
    .prepare<[], number>(`
      SELECT load_tasks.id FROM jobs JOIN load_tasks ON load_tasks.id = json_extract(payload, '$.task')
      WHERE kind = 'load' AND state = 'failed' AND status <> 'FAILED' ORDER BY load_tasks.id`)
    .pluck()
    .all();
