import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type BytePath, dirname, join, toBytes } from '../../../../shared/fs/byte-path.ts';
import { Ledger } from '../../../../shared/ledger/ledger.ts';
import { manifestLine, manifestPathOf } from '../../../../shared/manifest/record.ts';
import { Routes } from '../../../../shared/queue/routes.ts';
import {
  addDuplicate,
  appendRecord,
  commitFile,
  decideFile,
  makeState,
  T0,
  writeAt,
} from '../../../support/state.ts';
import { verified } from './harness.ts';

const HOUR_MS = 3_600_000;

test('an empty state file agrees with nothing being there', async (context) => {
  const { findings, notes, summary } = await verified(makeState(context), { deep: true });
  assert.deepEqual([findings, notes], [[], []]);
  assert.equal(summary.committed, 0);
});

test('files, records and duplicates as the program leaves them agree, also read again', async (context) => {
  const fixture = makeState(context);
  const first = commitFile(fixture, 'a.csv', { content: 'aa' });
  commitFile(fixture, 'deep/er/b.csv', { decidedMs: T0 + HOUR_MS });
  commitFile(fixture, 'empty', { content: '' });
  commitFile(fixture, '_hidden\nname "quoted".csv');
  commitFile(fixture, 'not \xff utf8' as BytePath);
  commitFile(fixture, 'large', { content: 'x'.repeat(3 << 20) });
  addDuplicate(fixture, first, 'again.csv', { content: 'aa' });
  const { findings, notes, summary } = await verified(fixture, { deep: true });
  assert.deepEqual(findings, []);
  assert.deepEqual(notes, []);
  assert.equal(summary.committed, 6);
  assert.equal(summary.duplicates, 1);
  assert.deepEqual([summary.manifests, summary.lines], [2, 6]);
  assert.equal(summary.warehouseFiles, 6, 'one has a name that begins with an underscore');
  assert.equal(summary.rehashedFiles, 7);
});

test('what is in flight is counted and is no disagreement, wherever its file is', async (context) => {
  const fixture = makeState(context);
  const original = commitFile(fixture, 'a', { content: 'a' });
  decideFile(fixture, 'decided');
  const placed = decideFile(fixture, 'placed');
  renameSync(toBytes(placed.source), toBytes(placed.destination));
  const duplicate = addDuplicate(fixture, original, 'duplicate', { content: 'a', settle: false });
  mkdirSync(toBytes(dirname(duplicate.destination)), { recursive: true });
  renameSync(toBytes(duplicate.source), toBytes(duplicate.destination));
  writeAt(join(dirname(placed.destination), '.wharfinger-9.tmp'), 'a copy in progress');
  const { findings, summary } = await verified(fixture, { deep: true });
  assert.deepEqual(findings, []);
  assert.equal(summary.inFlight, 3);
  assert.equal(summary.committed, 1);
});

test('a record that was written and not committed is a note', async (context) => {
  const fixture = makeState(context);
  const committed = commitFile(fixture, 'a');
  const row = decideFile(fixture, 'b');
  const path = manifestPathOf(fixture.manifests, committed.decidedMs);
  writeFileSync(toBytes(path), `${manifestLine(row, 'orders')}{"torn`, { flag: 'a' });
  const next = manifestPathOf(fixture.manifests, T0 + HOUR_MS);
  writeAt(next, '{"path":"');
  const { findings, notes } = await verified(fixture);
  assert.deepEqual(findings, []);
  assert.deepEqual(
    notes.map(({ note, path: where }) => [note, where]),
    [
      ['uncommitted-bytes', path],
      ['uncommitted-bytes', next],
    ],
  );
});

test('what is committed while it runs is no disagreement', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'before');
  const inFlight = decideFile(fixture, 'between');
  let steps = 0;
  const { findings, notes, summary } = await verified(fixture, {
    onProgress: () => {
      if (steps++ > 0) return;
      renameSync(toBytes(inFlight.source), toBytes(inFlight.destination));
      appendRecord(fixture, manifestPathOf(fixture.manifests, T0), manifestLine(inFlight, 'orders'));
      new Ledger(fixture.state).commit(inFlight.id, T0);
      commitFile(fixture, 'after');
    },
  });
  assert.ok(steps > 0);
  assert.deepEqual([findings, notes], [[], []]);
  assert.equal(summary.committed, 1);
  assert.equal(summary.warehouseFiles, 3, 'the new files were seen and recognised');
});

test('a route that was renamed, or got another directory for its manifests, does not contradict its records', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'a');
  const routes = new Routes(fixture.state);
  const route = routes.byId(fixture.routeId);
  assert.ok(route);
  routes.save({ ...route, name: 'renamed', manifests: join(fixture.directory, 'elsewhere') });
  assert.deepEqual((await verified(fixture)).findings, []);
});

test('files that others keep in the warehouse are left alone', async (context) => {
  const fixture = makeState(context);
  const { destination } = commitFile(fixture, 'a');
  const partition = dirname(destination);
  for (const path of [
    join(partition, '_SUCCESS'),
    join(partition, '.crc'),
    join(partition, '_temporary/0/part'),
    join(partition, '.hidden/part'),
    join(fixture.warehouse, 'README'),
    join(fixture.warehouse, 'reports/of-ours'),
    join(fixture.warehouse, '.wharfinger'),
  ]) {
    writeAt(path, 'theirs');
  }
  assert.deepEqual((await verified(fixture)).findings, []);
});

test('a warehouse and manifests that were moved are found where they are now', async (context) => {
  const fixture = makeState(context);
  const original = commitFile(fixture, 'a', { content: 'a' });
  addDuplicate(fixture, original, 'b', { content: 'a' });
  const warehouse = join(fixture.directory, 'restored');
  const manifests = join(fixture.directory, 'restored-manifests');
  renameSync(toBytes(fixture.warehouse), toBytes(warehouse));
  renameSync(toBytes(fixture.manifests), toBytes(manifests));
  const { findings } = await verified(fixture);
  assert.deepEqual(findings.map(({ problem }) => problem).sort(), [
    'missing-duplicate',
    'missing-file',
    'missing-manifest',
  ]);
  const moved = await verified(fixture, { warehouse, manifests, deep: true });
  assert.deepEqual([moved.findings, moved.notes], [[], []]);
  assert.equal(moved.summary.warehouseFiles, 2);
});

test('one directory cannot stand for the warehouses of several routes', async (context) => {
  const fixture = makeState(context);
  const routes = new Routes(fixture.state);
  const route = routes.byId(fixture.routeId);
  assert.ok(route);
  routes.save({
    ...route,
    input: join(fixture.directory, 'in2'),
    warehouse: join(fixture.directory, 'warehouse2'),
  });
  await assert.rejects(verified(fixture, { warehouse: fixture.warehouse }), {
    name: 'UsageError',
    code: 'verify.ambiguous',
  });
});
