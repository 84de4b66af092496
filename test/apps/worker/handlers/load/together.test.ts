import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadTools } from '../../../../../apps/worker/handlers/load/tools.ts';
import { TargetError } from '../../../../../shared/tables/errors.ts';
import { checkTables } from '../../../../../shared/tables/inspect/check-tables.ts';
import type { Target } from '../../../../../shared/tables/targets/target.ts';
import { FakeDatabase } from '../../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../../support/loads.ts';

/** The same tools with another target behind them. */
const withTarget = (tools: LoadTools, change: (target: Target) => Partial<Target>): LoadTools => ({
  ...tools,
  async openTarget(...given) {
    const target = await tools.openTarget(...given);
    return { ...target, ...change(target) };
  },
});

test('a content that another holder settled as its own meanwhile is present, and verify agrees', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 4 })]);
  const database = new FakeDatabase();
  const { state } = loads.fixture;
  const [one] = loads.commit({ one: 'x\n1\n' });
  assert.ok(one !== undefined);
  const slow = loads.hand(
    withTarget(database.tools, (target) => ({
      async load(load) {
        const result = await target.load(load);
        database.isOpen = false;
        state.prepare('UPDATE ledger SET dedupe_scope = NULL').run();
        loads.commit({ two: 'x\n1\n' });
        await loads.hand(database.tools, 'worker-2').step();
        return result;
      },
    })),
  );
  await slow.step();
  assert.deepEqual(
    loads.files().map(({ file, state: is, rows }) => [file, is, rows]),
    [
      ['one', 'present', 1],
      ['two', 'loaded', 1],
    ],
  );
  assert.deepEqual(loads.totals(), { files: 1, rows: 1, rejects: 0 });
  const findings: unknown[] = [];
  await checkTables({
    state,
    report: {
      finding: (finding) => void findings.push(finding),
      note: (note) => void findings.push(note),
      progress: () => undefined,
    },
    openTarget: async () => ({
      describe: async () => database.columns,
      load: () => Promise.reject(new Error('verify loads nothing')),
      census: async () => ({
        rows: database.rows.length,
        records: [...database.records].map(([sha256, record]) => ({ sha256, ...record })),
      }),
      close: async () => undefined,
    }),
    signal: new AbortController().signal,
  });
  assert.deepEqual(findings, []);
});

test('what is left half done is ended before files are read, and files whose content another publishes wait a second', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const steps: string[] = [];
  let isPublishing = true;
  loads.commit({ a: 'x\n1\n', b: 'x\n2\n' });
  const tools: LoadTools = {
    ...database.tools,
    openCsv: (options, signal) => {
      steps.push('read');
      return database.tools.openCsv(options, signal);
    },
  };
  const hand = loads.hand(
    withTarget(tools, (target) => ({
      async recover({ table, taskIds, assertHeld }) {
        assertHeld();
        steps.push(`recover ${table} ${taskIds.join(' ')}`);
      },
      async load(load) {
        const [first, ...others] = load.files;
        if (!isPublishing || first === undefined) return await target.load(load);
        return { ...(await target.load({ ...load, files: others })), later: [first.fileId] };
      },
    })),
  );
  const nowMs = hand.clock.nowMs();
  await hand.step();
  assert.deepEqual(steps, ['recover people 1', 'read', 'read']);
  assert.deepEqual(database.rows, ['2']);
  const [job] = loads.jobs();
  assert.deepEqual([job?.state, job?.attempts, loads.tasks()[0]?.status], ['delayed', 0, 'NEW']);
  assert.ok((job?.run_at_ms ?? 0) <= nowMs + 2_000);
  isPublishing = false;
  hand.clock.forward(2_000);
  await hand.step();
  assert.deepEqual(database.rows, ['2', '1']);
  assert.deepEqual([loads.tasks()[0]?.status, loads.totals()?.files], ['LOADED', 2]);
});

test('files that are too much for the memory together are loaded in halves, and one that is too much alone fails', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  loads.commit({ a: 'x\n1\n', b: 'x\n2\n', c: 'x\n3\n', wide: 'x\nwide\n' });
  const tooMuch = () =>
    Promise.reject(new TargetError('refused', 'it needs more memory', { code: 'load.memory', hint: 'h' }));
  const hand = loads.hand(
    withTarget(database.tools, (target) => ({
      load: (load) =>
        load.files.length > 2 || load.files.some(({ name }) => name.endsWith('wide'))
          ? tooMuch()
          : target.load(load),
    })),
  );
  await hand.step();
  assert.deepEqual(database.rows, ['1', '2', '3']);
  assert.deepEqual(
    loads.files().map(({ file, state, reason }) => [file, state, reason]),
    [
      ['a', 'loaded', null],
      ['b', 'loaded', null],
      ['c', 'loaded', null],
      ['wide', 'failed', 'it needs more memory; h'],
    ],
  );
});

test('a schema that another worker may be loading by is not forgotten', async (t) => {
  const loads = new Loads(t, [loadSink({ taskBytes: 6 })]);
  const database = new FakeDatabase();
  const kept = () => loads.fixture.state.prepare('SELECT count(*) FROM load_schemas').pluck().get();
  loads.commit({ bad: 'x\nBAD\n', good: 'x\n1\n' });
  const [one, two] = [loads.hand(database.tools), loads.hand(database.tools, 'worker-2')];
  const [bad, good] = one.claim().map(({ id }) => id);
  assert.ok(bad !== undefined && good !== undefined);
  one.takeLeasesOfOthers();
  const mine = one.claim('suspect');
  const others = two.claim('suspect');
  assert.deepEqual([mine.length, others.length], [1, 1]);
  await one.handle(mine);
  assert.equal(loads.files()[0]?.state, 'failed');
  assert.equal(kept(), 1);
  await two.handle(others);
  assert.deepEqual(database.rows, ['1']);
});
