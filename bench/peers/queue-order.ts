export const QUEUES = ['ours', 'better-queue-sqlite', 'plainjob'] as const;
export type QueueName = (typeof QUEUES)[number];

/** What a forked process is to drain. `batch`: jobs to a claim, where the queue can take more than one.
 * `durable`: a peer is given the durability that ours has, in place of its own. */
export type QueueOrder = { queue: QueueName; path: string; batch: number; durable: boolean };

/** Jobs settled so far, and the monotonic moment of the last, which all processes of a machine share. */
export type QueueReport = { settled: number; lastMs: number };

/** The same clock in every process of the machine, in milliseconds, finer than one. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export type OnSettled = (count: number) => void;

/** How often an idle queue is asked again: other processes may have left something. */
export const ASK_AGAIN_MS = 20;
