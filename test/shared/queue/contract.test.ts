import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basic } from 'better-queue-store-test';
import { openHolder, type QueueHolder, TurnedClock } from '../../support/queue-holder.ts';
import { provideMochaGlobals } from '../../support/queue-mocha.ts';
import { OrderedSqliteStore } from '../../support/queue-published.ts';
import { jsonStore } from '../../support/queue-store.ts';

// The suite that better-queue publishes for its stores, against ours, and against the published one to show that the bridge to
// node:test lets a store pass that is known to.
provideMochaGlobals();

let queue: QueueHolder;
let directory: string;

basic('LeaseStore keeps the contract of a better-queue store', {
  create(callback) {
    directory = mkdtempSync(join(tmpdir(), 'wharfinger-test-'));
    queue = openHolder(join(directory, 'state.db'), new TurnedClock());
    callback(null, jsonStore(queue));
  },
  destroy(callback) {
    queue.keeper.stop();
    queue.state.close();
    rmSync(directory, { recursive: true });
    callback();
  },
});

basic('better-queue-sqlite keeps the contract of a better-queue store', {
  create: (callback) => callback(null, new OrderedSqliteStore({ path: ':memory:' })),
  destroy: (callback) => callback(),
});
