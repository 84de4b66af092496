import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ChildStores, childStores, type StoreName } from '../../support/queue-child-store.ts';
import { answer } from '../../support/queue-store.ts';
import type { WorkEvent, WorkOrder } from '../../support/queue-work-child.ts';
import { tempDir } from '../../support/temp.ts';

const support = (name: string) => fileURLToPath(new URL(`../../support/${name}`, import.meta.url));

/** Has a child put tasks and die in the last acknowledgement; tells what was acknowledged, and what is there for the next process. */
async function putAndDie(
  t: TestContext,
  name: StoreName,
  count: number,
): Promise<{ acknowledged: number; found: number | undefined }> {
  const path = join(tempDir(t), 'queue.db');
  const child = spawn(process.execPath, [support('queue-put-child.ts'), name, path, String(count)], {
    stdio: 'inherit',
  });
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
  return {
    acknowledged: Number(readFileSync(`${path}.acknowledged`, 'utf8')),
    found: await waiting(name, path),
  };
}

async function waiting(name: StoreName, path: string): Promise<number | undefined> {
  const [store] = childStores(name, path).stores;
  return await answer<number>((cb) => store?.connect(cb));
}

test('tasks that better-queue-sqlite acknowledged are lost when the process is killed in that moment', async (t) => {
  const { acknowledged, found = 0 } = await putAndDie(t, 'better-queue-sqlite', 100);
  assert.equal(acknowledged, 100);
  assert.ok(found < acknowledged, `${found} of ${acknowledged}`);
});

/** A process that works on the queue, with all it said so far and will say. */
class Worker {
  readonly #child: ChildProcess;
  readonly #events: WorkEvent[] = [];

  constructor(t: TestContext, name: StoreName, path: string) {
    this.#child = fork(support('queue-work-child.ts'), [name, path]);
    this.#child.on('message', (event: WorkEvent) => this.#events.push(event));
    t.after(() => this.kill());
  }

  tell(order: WorkOrder): void {
    this.#child.send(order);
  }

  /** The next thing that it does, in the order in which it does them. */
  async next(): Promise<WorkEvent | undefined> {
    if (this.#events.length === 0) await once(this.#child, 'message');
    return this.#events.shift();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** Of better-queue-sqlite only the task itself says that it was written. */
async function putForSure(store: ChildStores['stores'][number], id: string): Promise<void> {
  await answer<void>((cb) => store.putTask(id, id, 0, cb));
  while ((await answer<unknown>((cb) => store.getTask(id, cb))) === undefined);
}

/** A queue with two tasks, of which the first is in the hands of a first process when a second process comes. */
async function twoProcesses(
  t: TestContext,
  name: StoreName,
): Promise<{ first: Worker; second: Worker; path: string }> {
  const path = join(tempDir(t), 'queue.db');
  const [store] = childStores(name, path).stores;
  assert.ok(store);
  await answer<number>((cb) => store.connect(cb));
  await putForSure(store, 'a');
  const first = new Worker(t, name, path);
  assert.deepEqual(await first.next(), { does: 'starts', task: 'a' });
  await putForSure(store, 'b');
  return { first, second: new Worker(t, name, path), path };
}

test('on better-queue-sqlite a second process does again what the first one is still doing', async (t) => {
  const { first, second } = await twoProcesses(t, 'better-queue-sqlite');
  assert.deepEqual(await second.next(), { does: 'starts', task: 'a' });
  for (const worker of [first, second]) {
    worker.tell('finish');
    assert.deepEqual(await worker.next(), { does: 'finishes', task: 'a' });
  }
});

test('tasks that LeaseStore acknowledged are all there after the process was killed in that moment', async (t) => {
  assert.deepEqual(await putAndDie(t, 'LeaseStore', 100), { acknowledged: 100, found: 100 });
});

test('on LeaseStore a second process leaves alone what the first one does, and does it when the first is dead', async (t) => {
  const { first, second } = await twoProcesses(t, 'LeaseStore');
  assert.deepEqual(await second.next(), { does: 'starts', task: 'b' });
  second.tell('reclaim');
  assert.deepEqual(await second.next(), { does: 'reclaims', leases: 0 });
  second.tell('finish');
  assert.deepEqual(await second.next(), { does: 'finishes', task: 'b' });
  await first.kill();
  second.tell('reclaim');
  assert.deepEqual(await second.next(), { does: 'reclaims', leases: 1 });
  assert.deepEqual(await second.next(), { does: 'starts', task: 'a' });
  second.tell('finish');
  assert.deepEqual(await second.next(), { does: 'finishes', task: 'a' });
});
