import { jsonTasks, LeaseStore, type LeaseStoreOptions } from '../../shared/queue/lease-store.ts';
import { LEASE_MS, type QueueHolder } from './queue-holder.ts';

type Callback<T> = (error?: unknown, result?: T) => void;

/** A LeaseStore in the form that better-queue's published stores have: tasks are JSON. */
export const jsonStore = (
  queue: QueueHolder,
  options: Partial<LeaseStoreOptions<unknown>> = {},
): LeaseStore<unknown> =>
  new LeaseStore({ ...queue, kind: 'task', lane: 'batch', leaseMs: LEASE_MS, tasks: jsonTasks, ...options });

/** Awaits what a store answers. */
export const answer = <T>(ask: (callback: Callback<T>) => void): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    ask((error, result) => (error === undefined || error === null ? resolve(result) : reject(error)));
  });
