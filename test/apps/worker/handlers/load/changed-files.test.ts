import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { LoadTools } from '../../../../../apps/worker/handlers/load/tools.ts';
import { toText } from '../../../../../shared/fs/byte-path.ts';
import { openCsv } from '../../../../../shared/tables/csv/open-csv.ts';
import { FakeDatabase } from '../../../../support/fake-target.ts';
import { Loads, loadSink } from '../../../../support/loads.ts';

/** Files are opened and compared as they really are; only what is in them goes into a database in memory. */
const reallyOpened = (tools: LoadTools): LoadTools => ({
  ...tools,
  openCsv: async (options, signal) => {
    const { assertUnchanged, close } = await openCsv(options, signal).then((csv) => ({
      assertUnchanged: () => csv.assertUnchanged(),
      close: () => csv.close(),
    }));
    return Object.assign(await tools.openCsv(options, signal), { assertUnchanged, close });
  },
});

test('a committed file that somebody writes to behind its audit is not loaded under its old hash', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const [changed] = loads.commit({ a: 'x\n1\n', b: 'x\n2\n' });
  assert.ok(changed !== undefined);
  const hand = loads.hand(reallyOpened(database.tools));
  hand.at('load.audited', () => writeFileSync(toText(changed.destination), 'x\n9\n'));
  await hand.step();
  assert.deepEqual(
    [...database.records.values()].map(({ rows }) => rows),
    [1],
  );
  assert.deepEqual(
    loads.files().map(({ file, state }) => [file, state]),
    [
      ['a', 'failed'],
      ['b', 'loaded'],
    ],
  );
  assert.match(loads.files()[0]?.reason ?? '', /is not what was committed/);
});

test('a file whose rights are changed behind its audit is read again, and loaded', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const [file] = loads.commit({ a: 'x\n1\n' });
  assert.ok(file !== undefined);
  const hand = loads.hand(reallyOpened(database.tools));
  hand.at('load.audited', () => chmodSync(toText(file.destination), 0o440));
  await hand.step();
  assert.deepEqual([loads.files()[0]?.state, loads.tasks()[0]?.status], ['loaded', 'LOADED']);
});

test('a file of a store that grew since it was scanned is left to the next scan, and each row comes once', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const [path] = loads.scan({ grows: 'x\n1\n', whole: 'x\n7\n' });
  assert.ok(path !== undefined);
  writeFileSync(path, 'x\n1\n2\n');
  const hand = loads.hand(reallyOpened(database.tools));
  await hand.step();
  assert.deepEqual(database.rows, ['7']);
  assert.deepEqual(
    loads.tasks().map(({ status }) => status),
    ['LOADED'],
  );
  assert.deepEqual(
    loads.files().map(({ state, reason }) => [state, reason]),
    [
      ['failed', 'it changed since it was scanned; a later scan has it'],
      ['loaded', null],
    ],
  );
  assert.equal(hand.said('load.changed').length, 1);
  assert.deepEqual(hand.said('load.failed'), []);
  assert.deepEqual(loads.jobs(), []);
  loads.scan({ grows: 'x\n1\n2\n' });
  await hand.step();
  assert.deepEqual(database.rows, ['7', '1', '2']);
});

test('one that grows behind its audit is left to the next scan, too', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const [path] = loads.scan({ grows: 'x\n1\n' });
  assert.ok(path !== undefined);
  const hand = loads.hand(reallyOpened(database.tools));
  hand.at('load.audited', () => appendFileSync(path, '2\n'));
  await hand.step();
  assert.deepEqual(database.rows, []);
  assert.deepEqual([loads.tasks()[0]?.status, loads.files()[0]?.state], ['LOADED', 'failed']);
});

test('while somebody has a file of a store open for writing its task waits at no charge; the others are loaded', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const [path] = loads.scan({ written: 'x\n1\n', whole: 'x\n7\n' });
  assert.ok(path !== undefined);
  database.written.add(path);
  const hand = loads.hand(database.tools);
  await hand.step();
  assert.deepEqual(database.rows, ['7']);
  const [job] = loads.jobs();
  assert.deepEqual([job?.state, job?.attempts, loads.tasks()[0]?.status], ['delayed', 0, 'NEW']);
  assert.match(job?.reason ?? '', /written is open for writing/);
  database.written.clear();
  hand.clock.forward(11_000);
  await hand.step();
  assert.deepEqual(database.rows, ['7', '1']);
  assert.equal(loads.tasks()[0]?.status, 'LOADED');
});

test('a file that is gone behind the commit of a holder that died is loaded, since its record is there', async (t) => {
  const loads = new Loads(t, [loadSink({ maxRejects: 9 })]);
  const database = new FakeDatabase();
  const [path] = loads.scan({ gone: 'x\n1\nreject\n', other: 'x\n7\n' });
  assert.ok(path !== undefined);
  database.afterCommit = () => {
    throw new Error('the connection broke');
  };
  const hand = loads.hand(reallyOpened(database.tools));
  await hand.step();
  rmSync(path);
  hand.clock.forward(120_000);
  await hand.step();
  assert.deepEqual(
    loads.files().map(({ state, rows, rejects }) => [state, rows, rejects]),
    [
      ['loaded', 1, 1],
      ['loaded', 1, 0],
    ],
  );
  assert.deepEqual(loads.totals(), { files: 2, rows: 2, rejects: 1 });
  assert.deepEqual(loads.jobs(), []);
});

test('a file that is gone and was never loaded fails, whatever is known of its content', async (t) => {
  const loads = new Loads(t, [loadSink()]);
  const database = new FakeDatabase();
  const [file] = loads.commit({ gone: 'x\n1\n' });
  assert.ok(file !== undefined);
  rmSync(toText(file.destination));
  await loads.hand(reallyOpened(database.tools)).step();
  assert.deepEqual([loads.tasks()[0]?.status, loads.files()[0]?.state], ['FAILED', 'failed']);
});
