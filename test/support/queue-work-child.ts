/**
 * `node queue-work-child.ts STORE PATH`: real better-queue on a store, forked. Says what it starts and finishes; a task ends only
 * when it is told to, and `reclaim` takes back what dead processes had in hand.
 */
import BetterQueue from 'better-queue';
import { childStores, type StoreName } from './queue-child-store.ts';

export type WorkEvent = { does: 'starts' | 'finishes'; task: unknown } | { does: 'reclaims'; leases: number };
export type WorkOrder = 'finish' | 'reclaim';

const [, , name = '', path = ''] = process.argv;
const { stores, reclaim } = childStores(name as StoreName, path, 'unknown');
const inHand: (() => void)[] = [];
const say = (event: WorkEvent) => process.send?.(event);

const queues = stores.map(
  (store) =>
    new BetterQueue<unknown>(
      (task, done) => {
        say({ does: 'starts', task });
        inHand.push(() => {
          say({ does: 'finishes', task });
          done();
        });
      },
      { store, batchSize: 1, concurrent: 1 },
    ),
);

process.on('message', (order: WorkOrder) => {
  if (order === 'finish') inHand.shift()?.();
  if (order === 'reclaim') say({ does: 'reclaims', leases: reclaim() });
  for (const queue of queues) queue.resume();
});
process.on('disconnect', () => process.exit());
