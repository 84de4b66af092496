import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makePlace, workOf } from '../../../../shared/archives/places.ts';
import { acquireLease } from '../../../../shared/archives/scavenger/lease.ts';
import { thisProcess } from '../../../../shared/linux/process-identity.ts';
import { Base, elsewhere } from '../../../shared/archives/scavenger/base.ts';
import { textsIn } from '../../../shared/archives/scavenger/read-zip.ts';
import { cli, jsonLines } from '../../../support/cli.ts';

test('`archive scavenge` collects once and says what it did', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one', 'b.zip/one': 'one' });
  await base.deposit({ 'a.zip/one': 'two' });
  const { stdout, stderr, exitCode } = await cli(['archive', 'scavenge', 'base'], { cwd: base.at('..') });
  assert.equal(stdout, '3 files (9 B) collected into 2 archives, 1 stored as another version\n');
  const [version] = jsonLines(stderr);
  assert.equal(version?.event, 'archive.version');
  assert.match(String(version?.stored_as), /^one\.[0-9a-f]{8}$/);
  assert.equal(exitCode, 0);
});

test('it exits with 3 where a person must look at something', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  writeFileSync(base.at('inbox/notes.txt'), '');
  const run = await cli(['archive', 'scavenge', base.path, '--json']);
  assert.equal(run.exitCode, 3);
  assert.deepEqual(JSON.parse(run.stdout), {
    held_by: null,
    staging_archives: 1,
    members: 1,
    bytes: 3,
    archives: 1,
    duplicates: 0,
    versions: 0,
    damaged: 0,
    quarantined: 1,
    still_open: 0,
    failed: [],
  });
});

test('where somebody else collects it says who, and that is no failure', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  makePlace(base.path, workOf(base.path));
  const theirs = acquireLease({
    work: workOf(base.path),
    here: elsewhere(),
    serverClock: { nowMs: Date.now },
  });
  assert.ok('release' in theirs);
  t.after(() => theirs.release());
  const run = await cli(['archive', 'scavenge', base.path]);
  assert.equal(run.stdout, 'nothing collected: far-away (process 77) is at it\n');
  assert.equal(run.exitCode, 0);
});

test('a base that is missing, and an archive that refuses, exit with 5', async (t) => {
  const base = Base.make(t);
  const missing = await cli(['archive', 'scavenge', base.at('missing')]);
  assert.equal(missing.exitCode, 5);
  assert.match(missing.stderr, /missing is not there/);
  writeFileSync(base.at('sub'), '');
  await base.deposit({ 'sub/a.zip/one': 'one', 'b.zip/one': 'one' });
  const refused = await cli(['archive', 'scavenge', base.path]);
  assert.equal(refused.exitCode, 5);
  assert.match(refused.stdout, /^1 file \(3 B\) collected into 1 archive, 1 archive could not be written\n$/);
});

test('its options are judged before anything is done', async (t) => {
  const base = Base.make(t);
  for (const [option, value] of [
    ['--rotate-seconds', 'often'],
    ['--volume-bytes', '64 pounds'],
    ['--every-seconds', '-1'],
  ] as const) {
    const run = await cli(['archive', 'scavenge', base.path, `${option}=${value}`]);
    assert.equal(run.exitCode, 2, run.stderr);
    assert.match(run.stderr, new RegExp(option));
  }
  await base.deposit({ 'a.zip/one': 'x'.repeat(3000), 'a.zip/two': 'two' }, { compression: 'store' });
  await cli([
    'archive',
    'scavenge',
    base.path,
    '--volume-bytes',
    '2KiB',
    '--rotate-seconds',
    '0.5',
    '--flush',
  ]);
  assert.deepEqual(textsIn(base.at('a-2.zip')), { two: 'two' });
});

test('a file, and how often without --watch, are wrong usage, and nothing is collected', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  writeFileSync(base.at('b.zip'), '');
  const file = await cli(['archive', 'scavenge', 'b.zip'], { cwd: base.path });
  assert.equal(file.exitCode, 2);
  assert.match(file.stderr, /b\.zip is no directory; give the base of the archives/);
  const often = await cli(['archive', 'scavenge', base.path, '--every-seconds', '5']);
  assert.equal(often.exitCode, 2);
  assert.match(often.stderr, /--every-seconds says nothing without --watch; add --watch/);
  assert.ok(!existsSync(base.at('a.zip')));
});

test('with --watch it goes on until it is told to stop, and writes a line for what it did', async (t) => {
  const base = Base.make(t);
  const stop = new AbortController();
  await base.deposit({ 'a.zip/one': 'one' });
  const run = await cli(['archive', 'scavenge', base.path, '--watch', '--every-seconds', '0.01', '--json'], {
    stop: stop.signal,
    onWrite: (text) => {
      if (text.includes('"archives":1') && !textsIn(base.at('a.zip')).two)
        void base.deposit({ 'a.zip/two': 'two' }, { identity: thisProcess() });
      else stop.abort();
    },
  });
  assert.equal(run.exitCode, 0);
  assert.deepEqual(
    jsonLines(run.stdout).map(({ members }) => members),
    [1, 1],
  );
  assert.equal(jsonLines(run.stderr).filter(({ event }) => event === 'archive.published').length, 2);
});
