import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { dirname, join, toBytes } from '../../../../shared/fs/byte-path.ts';
import { addDuplicate, commitFile, makeState, type StateFixture, writeAt } from '../../../support/state.ts';
import { verified } from './harness.ts';

/** A state with one file that is as it should be, so that a check that reports everything is noticed. */
function makeWithGood(...args: Parameters<typeof makeState>): StateFixture {
  const fixture = makeState(...args);
  commitFile(fixture, 'good');
  return fixture;
}

test('a committed file that is gone is missing', async (context) => {
  const fixture = makeWithGood(context);
  const row = commitFile(fixture, 'a', { content: '12345' });
  rmSync(toBytes(row.destination));
  const { findings } = await verified(fixture);
  assert.deepEqual(findings, [
    { problem: 'missing-file', path: row.destination, id: row.id, detail: '5 bytes were placed here' },
  ]);
});

test('with its whole partition gone, each file is missing', async (context) => {
  const fixture = makeState(context);
  const rows = ['a', 'b'].map((name) => commitFile(fixture, name));
  rmSync(toBytes(fixture.warehouse), { recursive: true });
  const { findings } = await verified(fixture);
  assert.deepEqual(
    findings.map(({ problem, path }) => [problem, path]),
    rows.reverse().map((row) => ['missing-file', row.destination]),
  );
});

test('a directory or a symlink in the place of a file is not the file', async (context) => {
  const fixture = makeWithGood(context);
  const directory = commitFile(fixture, 'a');
  const link = commitFile(fixture, 'b');
  for (const row of [directory, link]) rmSync(toBytes(row.destination));
  mkdirSync(toBytes(directory.destination));
  symlinkSync(toBytes(join(fixture.input, 'elsewhere')), toBytes(link.destination));
  const { findings } = await verified(fixture);
  assert.deepEqual(findings, [
    { problem: 'not-a-file', path: link.destination, id: link.id, detail: 'not a regular file' },
    { problem: 'not-a-file', path: directory.destination, id: directory.id, detail: 'not a regular file' },
  ]);
});

test('a file that has grown has the wrong size, and is not read again for it', async (context) => {
  const fixture = makeWithGood(context);
  const row = commitFile(fixture, 'a', { content: '12345' });
  writeFileSync(toBytes(row.destination), '6', { flag: 'a' });
  const { findings } = await verified(fixture, { deep: true });
  assert.deepEqual(findings, [
    { problem: 'wrong-size', path: row.destination, id: row.id, detail: '6 bytes, should be 5' },
  ]);
});

for (const [kind, sizeBytes] of [
  ['small', 10],
  ['large', 3 << 20],
] as const) {
  test(`a ${kind} file with other content of the same size is found when it is read again`, async (context) => {
    const fixture = makeWithGood(context);
    const row = commitFile(fixture, 'a', { content: 'a'.repeat(sizeBytes) });
    writeFileSync(toBytes(row.destination), 'b'.repeat(sizeBytes));
    assert.deepEqual((await verified(fixture)).findings, []);
    const { findings } = await verified(fixture, { deep: true });
    assert.deepEqual(
      findings.map(({ problem, path, id }) => ({ problem, path, id })),
      [{ problem: 'wrong-content', path: row.destination, id: row.id }],
    );
    assert.match(findings[0]?.detail ?? '', new RegExp(`should be ${row.sha256.toString('hex')}`));
  });
}

test('several large files are read at once, and each one that differs is found', async (context) => {
  const fixture = makeState(context);
  const rows = Array.from({ length: 6 }, (_, n) =>
    commitFile(fixture, `f${n}`, { content: `${n}`.repeat(2 << 20) }),
  );
  const wrong = rows.filter((_, n) => n % 2 === 0);
  for (const row of wrong) writeFileSync(toBytes(row.destination), 'x'.repeat(2 << 20));
  const { findings, summary } = await verified(fixture, { deep: true });
  assert.deepEqual(
    findings.map(({ id }) => id).sort(),
    wrong.map(({ id }) => id),
  );
  assert.equal(summary.rehashedFiles, 6);
});

test('a moved duplicate that is gone, or has another size, or other content, is a disagreement', async (context) => {
  const fixture = makeState(context);
  const original = commitFile(fixture, 'a', { content: 'same' });
  const [gone, grown, changed] = ['gone', 'grown', 'changed'].map((name) =>
    addDuplicate(fixture, original, name, { content: 'same' }),
  );
  assert.ok(gone && grown && changed);
  rmSync(toBytes(gone.destination));
  writeFileSync(toBytes(grown.destination), 'same and more');
  writeFileSync(toBytes(changed.destination), 'else');
  const { findings } = await verified(fixture, { deep: true });
  assert.deepEqual(
    findings.map(({ problem, path, id }) => ({ problem, path, id })),
    [
      { problem: 'wrong-content', path: changed.destination, id: changed.id },
      { problem: 'wrong-size', path: grown.destination, id: grown.id },
      { problem: 'missing-duplicate', path: gone.destination, id: gone.id },
    ],
  );
});

test('a file that no row names is a stray, in a partition and among the duplicates', async (context) => {
  const fixture = makeWithGood(context);
  const partition = join(fixture.warehouse, 'ingest_date=2024-11-02');
  const stray = join(partition, 'sub/stray.csv');
  const old = join(fixture.warehouse, 'ingest_date=2019-01-01/old');
  const duplicate = join(fixture.duplicates, 'ingest_date=2024-11-02/twice');
  const link = join(partition, 'link');
  for (const path of [stray, old, duplicate]) writeAt(path, '123');
  symlinkSync('nowhere', toBytes(link));
  const { findings } = await verified(fixture);
  assert.deepEqual(
    findings.map(({ problem, path }) => [problem, path]).sort(),
    [stray, old, duplicate, link].map((path) => ['stray-file', path]).sort(),
  );
});

test('a file whose name a later file has got is missing, and the later one is where it belongs', async (context) => {
  const fixture = makeWithGood(context);
  const first = commitFile(fixture, 'daily.csv', { content: 'monday' });
  // A consumer took it away, and the next one of that name came on the same day.
  renameSync(toBytes(first.destination), toBytes(join(fixture.directory, 'taken')));
  const second = commitFile(fixture, 'daily.csv', { content: 'tuesday' });
  assert.equal(second.destination, first.destination);
  const { findings } = await verified(fixture, { deep: true });
  assert.deepEqual(findings, [
    {
      problem: 'missing-file',
      path: first.destination,
      id: first.id,
      detail: 'a later file has got its name',
    },
  ]);
});

test('what cannot be looked at is unreadable, which is not the same as missing', async (context) => {
  const fixture = makeWithGood(context);
  const row = commitFile(fixture, 'a');
  // The kernel refuses a name of 300 bytes to everyone, also where the tests run as root.
  const tooLong = join(dirname(row.destination), 'x'.repeat(300));
  fixture.state.prepare('UPDATE ledger SET destination = ? WHERE id = ?').run(toBytes(tooLong), row.id);
  const { findings } = await verified(fixture);
  assert.ok(
    findings.some(({ problem, path, id }) => problem === 'unreadable' && path === tooLong && id === row.id),
  );
  assert.ok(findings.every(({ problem }) => problem !== 'missing-file'));
});
