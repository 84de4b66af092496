import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { runScanner } from '../../../apps/scanner/main.ts';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { createLogger } from '../../../shared/log/logger.ts';
import { Routes } from '../../../shared/queue/routes.ts';
import { StoreOfTest } from './harness.ts';

/** A scanner whose log is called with each record. */
function scanner(
  store: StoreOfTest,
  signal: AbortSignal,
  onRecord: (record: { event: string }) => void = () => undefined,
) {
  return runScanner({
    settings: store.settings,
    state: store.state,
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
    kernel: { hasOpenWriter: () => 'no' },
    signal,
    logger: createLogger({
      level: 'info',
      format: 'json',
      process: 'scanner',
      sink: { write: (line) => onRecord(JSON.parse(line)) },
    }),
  });
}

const NEVER = new AbortController().signal;

test('with once its tasks are ready when it returns, and those of other sinks gather on', async (t) => {
  const store = new StoreOfTest(t);
  store.write('a.csv');
  store.into('others');
  await store.scan();
  store.into('orders');
  assert.equal((await scanner(store, NEVER))?.added, 1);
  const jobs = store.state
    .prepare<[], { state: string; gathering: number }>(
      'SELECT state, gathering FROM jobs JOIN load_tasks ON load_tasks.sink_id = jobs.sink_id ORDER BY jobs.id',
    )
    .all();
  assert.deepEqual(jobs, [
    { state: 'delayed', gathering: 1 },
    { state: 'ready', gathering: 0 },
  ]);
});

test('it scans every interval until it is stopped, and waits for a store that is gone', async (t) => {
  const store = new StoreOfTest(t, { once: false, intervalMs: 20 });
  store.write('a.csv');
  const stop = new AbortController();
  const seen: string[] = [];
  await scanner(store, stop.signal, ({ event }) => {
    seen.push(event);
    if (event === 'store.scanned' && !seen.includes('store.missing'))
      renameSync(store.store, `${store.store}2`);
    if (event === 'store.missing') renameSync(`${store.store}2`, store.store);
    if (event === 'store.recovered') stop.abort();
  });
  assert.deepEqual(seen.slice(0, 2), ['store.scanned', 'store.missing']);
  assert.deepEqual(seen.filter((event) => event === 'store.missing').length, 1);
  assert.deepEqual(store.taken(), ['a.csv']);
});

const inputs = (store: string) => [store, `${store}/in`, store.slice(0, store.lastIndexOf('/'))];

function withInput(t: TestContext, input: (store: string) => string): StoreOfTest {
  const store = new StoreOfTest(t);
  const nowhere = fromText('');
  new Routes(store.state).save({
    ...{
      name: 'in',
      input: fromText(input(store.store)),
      warehouse: nowhere,
      manifests: nowhere,
      duplicates: nowhere,
    },
    ...{ onDuplicate: 'move', dedupe: 'content', mode: 'stability', stabilityMs: 0, takes: 'ingest' },
  });
  return store;
}

for (const [index, what] of ['is an input', 'has an input in it', 'lies in an input'].entries()) {
  test(`a store that ${what} is refused`, async (t) => {
    const store = withInput(t, (path) => inputs(path)[index] ?? '');
    await assert.rejects(scanner(store, NEVER), { code: 'store.input', name: 'UsageError' });
    assert.deepEqual(store.taken(), []);
  });
}

test('a store that is not there is refused at the start', async (t) => {
  const store = new StoreOfTest(t);
  renameSync(store.store, `${store.store}2`);
  await assert.rejects(scanner(store, NEVER), { code: 'store.missing', name: 'EnvironmentError' });
  mkdirSync(store.store);
  assert.equal((await scanner(store, NEVER))?.seen, 0);
});
