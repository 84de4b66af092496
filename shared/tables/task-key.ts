import { type BytePath, fromText } from '../fs/byte-path.ts';
import type { Job, Lane } from '../queue/job.ts';

/** The key of the job that loads a task: `task 17`. */
export const taskKey = (taskId: number): BytePath => fromText(`task ${taskId}`);

/** What its job says of a task. */
export const taskPayload = (taskId: number): string => JSON.stringify({ task: taskId });

/** The task that a job of kind `load` is about. */
export function taskIdOf({ id, payload }: Pick<Job, 'id' | 'payload'>): number {
  const said: unknown = payload === undefined ? undefined : JSON.parse(payload);
  if (typeof said === 'object' && said !== null && 'task' in said && typeof said.task === 'number')
    return said.task;
  throw new Error(`job ${id} is of kind load and names no task`);
}

/** A task above this is a claim of its own: the tasks of a batch are loaded together, and should make one load of bounded size. */
const LARGE_TASK_BYTES = 64 * 1024 * 1024;

export const laneOfTask = (sizeBytes: number): Lane => (sizeBytes > LARGE_TASK_BYTES ? 'alone' : 'batch');
