import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { dryRun } from '../../../apps/discoverer/dry-run.ts';
import type { RouteSettings } from '../../../shared/config/settings.ts';
import { EnvironmentError } from '../../../shared/errors.ts';
import { fromBytes, join, relativeTo, toBytes, toText } from '../../../shared/fs/byte-path.ts';
import { destinationOf, partitionOf } from '../../../shared/ledger/destination.ts';
import { Ledger } from '../../../shared/ledger/ledger.ts';
import { SMALL_FILE_BYTES } from '../../../shared/queue/lanes.ts';
import { decideFile, T0 } from '../../support/state.ts';
import { Harness } from './harness.ts';

type Line = {
  action: string;
  path: string;
  reason: string;
  destination: string | null;
  path_base64?: string;
};

async function foresee(h: Harness, routes: RouteSettings[] = [h.route]): Promise<Line[]> {
  let text = '';
  const settings = { routes, statePath: h.fixture.statePath };
  await dryRun({ settings, clock: h.clock, write: (line) => (text += line), kernel: h.kernel });
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .toSorted((a: Line, b: Line) => (a.path < b.path ? -1 : 1));
}

const setUp = (t: TestContext, route: Partial<RouteSettings> = {}) =>
  new Harness(t, { stabilityMs: 0, ...route });
const actions = (h: Harness, lines: readonly Line[]) =>
  Object.fromEntries(lines.map(({ path, action }) => [path.slice(toText(h.input).length + 1), action]));
const inWarehouse = (h: Harness, name: string) =>
  toText(destinationOf(h.fixture.warehouse, h.clock.nowMs(), relativeTo(h.input, h.path(name))));

test('each file has a line that says what would happen to it, and where it would go', async (t) => {
  const h = setUp(t);
  h.write('sub/a.csv');
  h.write('b.tmp');
  symlinkSync('b.tmp', toBytes(h.path('link.csv')));
  const [b, link, a] = await foresee(h);
  assert.deepEqual(b, {
    action: 'excluded',
    path: h.path('b.tmp'),
    reason: 'temporary: its name ends with .tmp',
    destination: null,
  });
  assert.deepEqual(link, {
    action: 'excluded',
    path: h.path('link.csv'),
    reason: 'it is not a regular file',
    destination: null,
  });
  assert.deepEqual(a, {
    action: 'ingest',
    path: h.path('sub/a.csv'),
    reason: 'it has been left alone for long enough',
    destination: inWarehouse(h, 'sub/a.csv'),
  });
});

test('what is not complete says what it waits for, in each mode', async (t) => {
  const h = setUp(t, { stabilityMs: 60_000 });
  const fd = openSync(toBytes(h.write('a.csv')), 'a');
  t.after(() => closeSync(fd));
  const reasonIn = async (route: Partial<RouteSettings>) => {
    const [line] = await foresee(h, [{ ...h.route, ...route }]);
    assert.equal(line?.action, 'incomplete');
    return line?.reason;
  };
  assert.equal(await reasonIn({}), 'it waits for its writer to leave it alone');
  assert.equal(await reasonIn({ mode: 'sidecar' }), 'it waits for its sidecar');
  assert.equal(await reasonIn({ mode: 'close-write' }), 'it waits for its writer to close it');
  assert.equal(await reasonIn({ stabilityMs: 0 }), 'it waits for its writer to close it');
  h.write('a.csv.ok');
  assert.equal(await reasonIn({ mode: 'sidecar' }), 'it waits for its writer to close it');
});

test('what was committed before, and what came before in the same pass, is a duplicate', async (t) => {
  const h = setUp(t);
  const committed = decideFile(h.fixture, 'committed.csv', { content: 'old' });
  new Ledger(h.fixture.state).commit(committed.id, T0);
  rmSync(toBytes(committed.source));
  h.write('again.csv', 'old');
  for (const name of ['one.csv', 'two.csv']) h.write(name, 'x'.repeat(SMALL_FILE_BYTES + 1));
  const lines = await foresee(h);
  const again = lines.find(({ path }) => path.endsWith('again.csv'));
  assert.deepEqual([again?.action, again?.reason], ['duplicate', `same content as ${committed.destination}`]);
  assert.equal(
    again?.destination,
    toText(join(join(h.fixture.duplicates, partitionOf(h.clock.nowMs())), 'again.csv')),
  );
  assert.deepEqual(
    lines
      .filter(({ path }) => !path.endsWith('again.csv'))
      .map(({ action }) => action)
      .toSorted(),
    ['duplicate', 'ingest'],
  );
});

test('of two files with the same content it is the second in the queue that is the duplicate', async (t) => {
  const h = setUp(t);
  for (const name of ['b.csv', 'a.csv', 'c.csv']) h.write(name, 'same');
  assert.deepEqual(actions(h, await foresee(h)), {
    'a.csv': 'ingest',
    'b.csv': 'duplicate',
    'c.csv': 'duplicate',
  });
  await h.once();
  const first = h.fixture.state.prepare<[], Buffer>('SELECT key FROM jobs ORDER BY id LIMIT 1').pluck().get();
  assert.equal(first?.toString(), h.path('a.csv'));
});

test('duplicates go nowhere where they are deleted or left, and are none where all is taken', async (t) => {
  const h = setUp(t);
  for (const name of ['a.csv', 'b.csv']) h.write(name, 'same');
  for (const onDuplicate of ['delete', 'leave'] as const) {
    const lines = await foresee(h, [{ ...h.route, onDuplicate }]);
    assert.deepEqual(
      lines.filter(({ action }) => action === 'duplicate').map(({ destination }) => destination),
      [null],
    );
  }
  const all = await foresee(h, [{ ...h.route, dedupe: 'none' }]);
  assert.deepEqual(
    all.map(({ action }) => action),
    ['ingest', 'ingest'],
  );
});

test('a name that is taken in the warehouse, or by another route, gets a part of its content', async (t) => {
  const h = setUp(t);
  const other = join(h.fixture.directory, 'other');
  mkdirSync(toBytes(other));
  h.write('a.csv', 'one');
  writeFileSync(toBytes(join(other, 'a.csv')), 'two');
  const lines = await foresee(h, [h.route, { ...h.route, name: 'other', input: toText(other) }]);
  assert.equal(lines[0]?.destination, inWarehouse(h, 'a.csv'));
  assert.match(lines[1]?.destination ?? '', /\/a\.[0-9a-f]{8}\.csv$/);

  mkdirSync(toBytes(join(h.fixture.warehouse, partitionOf(h.clock.nowMs()))));
  writeFileSync(inWarehouse(h, 'a.csv'), 'somebody else put it here');
  const [taken] = await foresee(h);
  assert.match(taken?.destination ?? '', /\/a\.[0-9a-f]{8}\.csv$/);
});

test('what the state file remembers is used: the queue, failures, observations, and what has begun', async (t) => {
  const h = setUp(t);
  for (const name of ['queued.csv', 'failed.csv', 'begun.csv']) h.write(name);
  await h.once();
  h.fail('failed.csv');
  const begun = decideFile(h.fixture, 'begun.csv', { content: 'content of begun.csv' });
  const lines = await foresee(h, [{ ...h.route, mode: 'stability', stabilityMs: 3_600_000 }]);
  assert.deepEqual(actions(h, lines), {
    'queued.csv': 'ingest',
    'begun.csv': 'ingest',
    'failed.csv': 'incomplete',
  });
  assert.equal(lines.find(({ path }) => path.endsWith('begun.csv'))?.destination, toText(begun.destination));
  const [, failed] = await foresee(h);
  assert.deepEqual([failed?.action, /queue retry/.test(failed?.reason ?? '')], ['excluded', true]);

  h.kernel = { ...h.kernel, fileSystemType: () => ({ name: 'nfs', isNetwork: true }) };
  h.route = { ...h.route, stabilityMs: 1000, exclude: ['[bfq]*'] };
  h.write('second-look.csv');
  const secondLook = async () => (await foresee(h)).find(({ path }) => path.endsWith('second-look.csv'));
  assert.equal((await secondLook())?.reason, 'it waits for a second look that finds it unchanged');
  await h.once();
  h.clock.pass(1100);
  assert.equal((await secondLook())?.action, 'ingest');
});

test('a name that is not UTF-8 has its bytes beside it', async (t) => {
  const h = setUp(t);
  const name = fromBytes(Buffer.from([0x61, 0xff, 0x0a]));
  writeFileSync(toBytes(join(h.input, name)), '');
  const [line] = await foresee(h);
  assert.equal(line?.path, `${toText(h.input)}/a\ufffd\n`);
  assert.equal(line?.path_base64, toBytes(join(h.input, name)).toString('base64'));
});

test('a thousand files are told one by one', async (t) => {
  const h = setUp(t);
  for (let i = 0; i < 1500; i++) h.write(`${i % 10}/${i}.csv`);
  assert.equal((await foresee(h)).filter(({ action }) => action === 'ingest').length, 1500);
});

test('nothing is created or changed: no file, no directory, no time, and not the state file', async (t) => {
  const h = setUp(t);
  h.write('sub/a.csv');
  h.write('b.csv', 'x'.repeat(SMALL_FILE_BYTES + 1));
  await h.once();
  h.fixture.state.close();
  const before = everythingOf(h);
  await foresee(h);
  await foresee(h, [{ ...h.route, mode: 'sidecar' }]);
  assert.deepEqual(everythingOf(h), before);
});

test('without a state file none is made', async (t) => {
  const h = setUp(t);
  h.write('a.csv');
  h.fixture.state.close();
  rmSync(h.fixture.statePath);
  const before = readdirSync(toBytes(h.fixture.directory)).length;
  assert.deepEqual(actions(h, await foresee(h)), { 'a.csv': 'ingest' });
  assert.equal(readdirSync(toBytes(h.fixture.directory)).length, before);
});

test('an input that is missing is said so', async (t) => {
  const h = setUp(t);
  rmSync(toBytes(h.input), { recursive: true });
  await assert.rejects(
    foresee(h),
    (error) => error instanceof EnvironmentError && error.code === 'input.missing',
  );
});

/** All that lies in the test's directory, with its times to the nanosecond: no content changes without one. */
function everythingOf(h: Harness): string[] {
  const root = toText(h.fixture.directory);
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => {
    const stats = statSync(`${root}/${name}`, { bigint: true });
    const { ino, mode, size, atimeNs, mtimeNs, ctimeNs, nlink } = stats;
    // That a directory was listed, and the state file read, may show in their access times.
    const atime = stats.isFile() && !name.startsWith('state.db') ? atimeNs : 0n;
    return [name, ino, mode, size, nlink, mtimeNs, ctimeNs, atime].join(' ');
  });
}
