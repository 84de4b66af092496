import assert from 'node:assert/strict';
import { readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Base } from '../../../shared/archives/scavenger/base.ts';
import { ArchiveCustody, type ArchiveCustodyOptions } from '../../../support/archive-custody.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { sha256Of } from '../../../support/custody.ts';
import { tempDir } from '../../../support/temp.ts';

type Archived = { member: string; stored_as: string | null; now: Record<string, unknown> };
type Traced = { found: unknown; custody: { source: string; sha256: string; archives: Archived[] }[] };

async function archived(
  t: TestContext,
  contents: Readonly<Record<string, string>>,
  sink: NonNullable<ArchiveCustodyOptions['sinks']>[number] = {},
) {
  const yard = new ArchiveCustody(t, { sinks: [{ compression: 'store', ...sink }] });
  await yard.commit(contents);
  await yard.hand.run();
  const run = (...args: string[]) => cli([...args, '--state-path', yard.custody.statePath]);
  const trace = async (subject: string): Promise<Traced> =>
    jsonLines((await run('trace', '--json', subject)).stdout)[0] as Traced;
  return { yard, run, trace, archive: join(yard.base, 'all.zip') };
}

test('a file is found by its member of an archive, below its base or any', async (t) => {
  const { yard, run, trace, archive } = await archived(
    t,
    { 'a.csv': 'one', 'dir/b c.csv': 'two' },
    { release: true },
  );
  for (const subject of [`${archive}/dir/b c.csv`, 'all.zip/dir/b c.csv']) {
    const { found, custody } = await trace(subject);
    assert.deepEqual(
      custody.map(({ sha256 }) => sha256),
      [sha256Of('two')],
    );
    assert.equal(found, null);
    assert.equal(custody[0]?.source, join(yard.custody.root, 'in', 'dir', 'b c.csv'));
    assert.deepEqual(custody[0]?.archives[0]?.now, {
      kind: 'member',
      volume: 'all.zip',
      stored_as: 'dir/b c.csv',
    });
  }
  const { stdout } = await run('trace', `${archive}/a.csv`);
  assert.match(stdout, /^in custody as #\d+\n.*now there {3}nothing is there: released\n.*in an archive\n/s);
});

test('a member is found below its base also by the path without symbolic links', async (t) => {
  const { yard, trace } = await archived(t, { 'a.csv': 'one' });
  const elsewhere = join(tempDir(t), 'archives');
  renameSync(yard.base, elsewhere);
  symlinkSync(elsewhere, yard.base);
  for (const base of [yard.base, elsewhere]) {
    const { custody } = await trace(`${base}/all.zip/a.csv`);
    assert.equal(custody[0]?.archives[0]?.now.kind, 'member');
  }
});

test('a member that is a version is found by the name it is stored under, and by the one it was deposited under', async (t) => {
  const { yard, trace, archive } = await archived(
    t,
    { 'x/a.csv': 'one', 'y/a.csv': 'two' },
    { to: { archive: 'all.zip', member: '{name}' } },
  );
  const both = (await trace(`${archive}/a.csv`)).custody;
  assert.equal(both.length, 2);
  const version = both.find(({ archives }) => archives[0]?.stored_as !== 'a.csv');
  const storedAs = `a.${version?.sha256.slice(0, 8)}.csv`;
  assert.equal(version?.archives[0]?.stored_as, storedAs);
  const found = await trace(`${archive}/${storedAs}`);
  assert.deepEqual(
    found.custody.map(({ sha256 }) => sha256),
    [version?.sha256],
  );
  assert.deepEqual(await yard.findings(), []);
  const content = version?.sha256 === sha256Of('one') ? 'one' : 'two';
  const bytes = readFileSync(archive);
  bytes.write('X', bytes.indexOf(content));
  writeFileSync(archive, bytes);
  assert.match((await yard.findings()).join(), new RegExp(`a\\.csv: all\\.zip, stored as ${storedAs}: `));
});

test('a member that is in an archive and was never taken is said to be that', async (t) => {
  const { run, archive } = await archived(t, { 'a.csv': 'one' });
  for (const subject of [`${archive}/none`, `${archive}/../none.zip/a.csv`]) {
    const { exitCode, stderr } = await run('trace', subject);
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      subject.endsWith('none') ? /no file that was taken is in this archive/ : /there is no such file/,
    );
  }
});

test('trace, verify and extract agree on the name of a member that was spoiled and deposited again', async (t) => {
  const { yard, run, trace, archive } = await archived(t, { 'a.csv': 'the only copy' });
  const bytes = readFileSync(archive);
  bytes.write('T', bytes.indexOf('the only copy'));
  writeFileSync(archive, bytes);
  assert.match((await yard.findings()).join(), /^different-member .*\/all\.zip\/a\.csv: all\.zip: /);
  const base = new Base(yard.base);
  await base.deposit({ 'all.zip/a.csv': 'the only copy' });
  await base.scavenge();
  assert.deepEqual(await yard.findings(), []);
  const [deposit] = (await trace(`${archive}/a.csv`)).custody[0]?.archives ?? [];
  const healed = `a.${sha256Of('the only copy').slice(0, 8)}.csv`;
  assert.deepEqual(
    [deposit?.member, deposit?.stored_as, deposit?.now],
    ['a.csv', 'a.csv', { kind: 'member', volume: 'all.zip', stored_as: healed }],
  );
  assert.match(
    (await run('trace', sha256Of('the only copy'))).stdout,
    new RegExp(`\n {2}stored as {3}${healed}\n`),
  );
  const into = tempDir(t);
  assert.equal((await cli(['archive', 'extract', archive, healed, '--into', into])).exitCode, 0);
  assert.equal(readFileSync(join(into, healed), 'utf8'), 'the only copy');
  assert.equal((await cli(['archive', 'extract', archive, 'a.csv', '--into', into])).exitCode, 4);
});

test('trace, like verify, tells of an archive that was begun anew what it has by now', async (t) => {
  const { yard, run, trace, archive } = await archived(t, { 'a.csv': 'one', 'b.csv': 'two' });
  renameSync(archive, join(yard.base, 'all.zip.aside'));
  const base = new Base(yard.base);
  await base.deposit({ 'all.zip/b.csv': 'another', 'all.zip/c.csv': 'three' });
  await base.scavenge();
  await base.deposit({ 'all.zip/b.csv': 'two' });
  await base.scavenge();
  assert.match(
    (await run('trace', `${archive}/a.csv`)).stdout,
    /\n {2}now there {3}no: in no volume of all\.zip\n/,
  );
  assert.match((await yard.findings()).join('\n'), /^missing-member [^\n]*\/a\.csv: [^\n]*$/);
  const [b] = (await trace(`${archive}/b.csv`)).custody[0]?.archives ?? [];
  assert.equal(b?.now.stored_as, `b.${sha256Of('two').slice(0, 8)}.csv`);
});

test('where an archive cannot be read, trace says so, and what was recorded', async (t) => {
  const { yard, run, archive } = await archived(t, { 'a.csv': 'one' });
  writeFileSync(archive, 'no zip');
  const { stdout } = await run('trace', 'all.zip/a.csv');
  assert.match(stdout, /\n {2}now there {3}cannot be told: all\.zip: [^\n]+\n/);
  renameSync(yard.base, `${yard.base}.away`);
  assert.match((await run('trace', 'all.zip/a.csv')).stdout, /\n {2}now there {3}cannot be told: ENOENT/);
});

test('a file that was collected and not yet recorded is said to be there', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one' });
  await yard.hand.step('archive');
  await new Base(yard.base).scavenge();
  const { stdout } = await cli(['trace', 'all.zip/a.csv', '--state-path', yard.custody.statePath]);
  assert.match(stdout, /\n {2}state {7}staged .*\n {2}now there {3}yes, collected meanwhile\n/s);
});
