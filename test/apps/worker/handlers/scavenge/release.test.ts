import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ArchiveSink } from '../../../../../shared/config/settings.ts';
import { toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { trace } from '../../../../../shared/ledger/trace/trace.ts';
import { ArchiveCustody, type ArchiveCustodyOptions } from '../../../../support/archive-custody.ts';
import { sha256Of } from '../../../../support/custody.ts';

const releasing = (t: TestContext, more: Partial<ArchiveSink> = {}, options: ArchiveCustodyOptions = {}) =>
  new ArchiveCustody(t, { sinks: [{ release: true, publishMs: 0, ...more }], ...options });

const released = (yard: ArchiveCustody) => yard.deposits().map(({ release }) => release);

/** Puts other bytes of the same size into the one volume, behind the back of its directory. */
function spoil(base: string): void {
  const path = join(base, 'all.zip');
  const bytes = readFileSync(path);
  const at = bytes.indexOf('content of a');
  bytes.write('CONTENT', at);
  writeFileSync(path, bytes);
}

test('the warehouse copy goes once its archive has it, and verify looks for it there', async (t) => {
  const yard = releasing(t);
  await yard.commit({ 'a.csv': 'one', 'sub/b.csv': 'two' });
  await yard.hand.run();
  assert.deepEqual(released(yard), ['removed', 'removed']);
  assert.deepEqual(yard.custody.stored(), []);
  assert.equal(yard.hand.said('file.released').length, 2);
  assert.deepEqual(await yard.custody.findings(), []);
  assert.deepEqual(await yard.findings(), []);
  assert.deepEqual(yard.jobs(), []);
  const [custody] = (await trace(yard.hand.state, { sha256: sha256Of('one') })).custody;
  const [deposit] = custody?.archives ?? [];
  assert.equal(deposit?.state, 'published');
  assert.equal(deposit?.member, 'a.csv');
  assert.ok(deposit?.releasedMs !== undefined);
});

test('a file is kept as long as another sink has not got it', async (t) => {
  const yard = new ArchiveCustody(t, {
    sinks: [{ release: true, publishMs: 0 }, { to: { archive: 'other.zip', member: '{path}' } }],
  });
  await yard.commit({ 'a.csv': 'one' });
  const { state } = yard.hand;
  // The second sink's job waits.
  state.exec("UPDATE jobs SET state = 'delayed', run_at_ms = 9e15 WHERE sink_id = 2");
  await yard.hand.run();
  assert.deepEqual(released(yard), ['due']);
  assert.deepEqual(yard.custody.stored(), ['a.csv']);
  assert.match(yard.jobs().find(({ kind }) => kind === 'scavenge')?.reason ?? '', /to be released/);
  state.exec("UPDATE jobs SET state = 'ready', run_at_ms = 0 WHERE sink_id = 2");
  yard.hand.clock.forward(61_000);
  await yard.hand.run();
  assert.deepEqual(released(yard), ['removed', null]);
  assert.deepEqual(yard.custody.stored(), []);
  assert.deepEqual(yard.jobs(), []);
  assert.deepEqual(await yard.findings(), []);
});

test('a file that was touched, and is the same, goes too', async (t) => {
  const yard = releasing(t);
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  utimesSync(toBytes(yard.custody.storedAt('a.csv')), 1, 1);
  await yard.hand.run();
  assert.deepEqual(released(yard), ['removed']);
});

test('a file that is another by now stays', async (t) => {
  const yard = releasing(t);
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two', 'c.csv': 'three' });
  await yard.hand.step('archive');
  const [a, b] = ['a.csv', 'b.csv'].map((name) => toBytes(yard.custody.storedAt(name)));
  writeFileSync(a ?? '', 'ONE');
  rmSync(b ?? '');
  await yard.hand.run();
  assert.deepEqual(released(yard), [null, null, 'removed']);
  assert.equal(readFileSync(a ?? '', 'utf8'), 'ONE');
});

test('whoever takes release back keeps what is not yet released', async (t) => {
  const yard = releasing(t);
  await yard.commit({ 'a.csv': 'one' });
  const path = toBytes(yard.custody.storedAt('a.csv'));
  const writer = openSync(path, 'r+');
  await yard.hand.run();
  closeSync(writer);
  yard.saveSinks({ release: false, publishMs: 0 });
  yard.hand.clock.forward(61_000);
  await yard.hand.run();
  assert.deepEqual(released(yard), [null]);
  assert.ok(existsSync(path));
  assert.deepEqual(yard.jobs(), []);
});

test('the same content under the same name that another row of the ledger answers for stays', async (t) => {
  const yard = releasing(t, {}, { custody: { dedupe: 'none' } });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  rmSync(toBytes(yard.custody.storedAt('a.csv')));
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('scavenge');
  assert.deepEqual(released(yard), [null]);
  assert.deepEqual(yard.custody.stored(), ['a.csv']);
  await yard.hand.run();
  assert.deepEqual(released(yard), [null, 'removed']);
});

test('a file that somebody has open for writing waits', async (t) => {
  const yard = releasing(t);
  await yard.commit({ 'a.csv': 'one' });
  const path = toBytes(yard.custody.storedAt('a.csv'));
  const writer = openSync(path, 'r+');
  await yard.hand.run();
  assert.deepEqual(released(yard), ['due']);
  assert.ok(existsSync(path));
  closeSync(writer);
  yard.hand.clock.forward(61_000);
  await yard.hand.run();
  assert.deepEqual(released(yard), ['removed']);
});

test("nothing goes whose archive's copy cannot be read", async (t) => {
  const yard = releasing(t, { compression: 'store' });
  const content = 'content of a'.repeat(10);
  await yard.commit({ 'a.csv': content });
  await yard.hand.step('archive');
  const jobs = yard.hand.claim('scavenge');
  yard.hand.at('archive.confirmed', () => spoil(yard.base));
  await yard.hand.handle('scavenge', jobs);
  assert.deepEqual(released(yard), ['due']);
  assert.deepEqual(yard.custody.stored(), ['a.csv']);
  assert.match(String(yard.hand.said('file.kept')[0]?.reason), /^it is not released: a\.csv in all\.zip/);
  assert.match((await yard.findings()).join(), /^different-member /);
});

for (const nth of [1, 2, 3]) {
  test(`a release whose holder died is finished by the next one (the ${nth}. time that archive.released is reached)`, async (t) => {
    const yard = releasing(t);
    await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
    await yard.hand.step('archive');
    await yard.hand.dieAt('scavenge', 'archive.released', nth);
    assert.deepEqual(released(yard), ['removing', 'removing']);
    assert.deepEqual(await yard.custody.findings(), []);
    assert.deepEqual(await yard.findings(), []);
    const other = yard.anotherHand('other');
    other.takeLeasesOfOthers();
    await other.run();
    assert.deepEqual(released(yard), ['removed', 'removed']);
    assert.deepEqual(yard.custody.stored(), []);
    assert.deepEqual(yard.jobs(), []);
  });
}

test('a file that had stepped aside when its holder died goes, and another one of that name gets it back', async (t) => {
  const yard = releasing(t);
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
  await yard.hand.step('archive');
  await yard.hand.dieAt('scavenge', 'archive.released');
  const rows = yard.rows<{ id: number; path: Buffer }>('SELECT id, path FROM archive_deposits ORDER BY id');
  const [a, b] = rows.map(({ id, path }) => {
    const name = path.toString();
    const aside = join(name, '..', `.wharfinger-a${id}.src`);
    renameSync(name, aside);
    return { name, aside };
  });
  rmSync(b?.aside ?? '');
  writeFileSync(b?.aside ?? '', 'another');
  const other = yard.anotherHand('other');
  other.takeLeasesOfOthers();
  await other.run();
  assert.deepEqual(released(yard), ['removed', null]);
  assert.ok(!existsSync(a?.aside ?? '') && !existsSync(a?.name ?? ''));
  assert.equal(readFileSync(b?.name ?? '', 'utf8'), 'another');
  assert.ok(!existsSync(b?.aside ?? ''));
});

test('a duplicate of released content is moved where duplicates are deleted', async (t) => {
  const yard = releasing(t, {}, { custody: { onDuplicate: 'delete' } });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.run();
  await yard.commit({ 'again.csv': 'one' });
  assert.deepEqual(yard.custody.stored(), ['_duplicates/again.csv']);
  assert.deepEqual(await yard.custody.findings(), []);
  await yard.commit({ 'b.csv': 'two' });
  await yard.commit({ 'b-again.csv': 'two' });
  assert.deepEqual(yard.custody.stored(), ['_duplicates/again.csv', 'b.csv']);
});

test('a duplicate that was to be deleted when its original was released is moved', async (t) => {
  const yard = new ArchiveCustody(t, { custody: { onDuplicate: 'delete' } });
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.run();
  yard.custody.offer('again.csv', 'one');
  const worker = yard.custody.hand;
  const jobs = worker.claim();
  worker.at('ingest.decided', () => {
    rmSync(toBytes(yard.custody.storedAt('a.csv')));
    yard.hand.state.exec("UPDATE archive_deposits SET release = 'removed', released_ms = 1");
  });
  await worker.handle(jobs);
  assert.deepEqual(yard.custody.left(), ['again.csv']);
  while ((await worker.step()) > 0);
  assert.deepEqual(yard.custody.stored(), ['_duplicates/again.csv']);
  const [duplicate, ...others] = yard.custody.records.duplicates();
  assert.deepEqual([duplicate?.state, others.length], ['settled', 0]);
  assert.deepEqual(await yard.custody.findings(), []);
});

test('a name that is free by a release is taken by another file, which is committed and archived as a version', async (t) => {
  const yard = releasing(t);
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.run();
  await yard.commit({ 'a.csv': 'two' });
  assert.deepEqual(yard.custody.stored(), ['a.csv']);
  assert.deepEqual(await yard.custody.findings(), []);
  await yard.hand.run();
  assert.deepEqual(released(yard), ['removed', 'removed']);
  assert.equal(yard.find('a.csv', 'one'), 'a.csv');
  assert.match(yard.find('a.csv', 'two') ?? '', /^a\.[0-9a-f]{8}\.csv$/);
  assert.deepEqual(await yard.findings(), []);
  assert.deepEqual(await yard.custody.findings(), []);
});

test('a warehouse that is away keeps its files until it is back', async (t) => {
  const yard = releasing(t);
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  const warehouse = toText(yard.custody.warehouse);
  renameSync(warehouse, `${warehouse}.away`);
  await yard.hand.run();
  assert.deepEqual(released(yard), ['due']);
  renameSync(`${warehouse}.away`, warehouse);
  yard.hand.clock.forward(61_000);
  await yard.hand.run();
  assert.deepEqual(released(yard), ['removed']);
  assert.throws(() => lstatSync(join(warehouse, 'a.csv')));
});
