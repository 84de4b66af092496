import type { State } from '../../state/open.ts';

/**
 * Tasks whose job was given up without them: their worker died under it again and again, or there was a defect; and those that have none, so
 * that nobody would ever load them. They are failed like any other, but for the word in their status, which only a worker that holds them
 * writes.
 */
export const stuckTasks = (state: State): number[] =>
  state
    .prepare<[], number>(`
      SELECT load_tasks.id FROM load_tasks
        LEFT JOIN jobs ON kind = 'load' AND key = CAST('task ' || load_tasks.id AS BLOB) AND jobs.sink_id = load_tasks.sink_id
      WHERE status IN ('NEW', 'PROCESSING') AND (jobs.id IS NULL OR state = 'failed') ORDER BY load_tasks.id`)
    .pluck()
    .all();
