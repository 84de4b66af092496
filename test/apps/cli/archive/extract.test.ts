import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildZip, memberOf } from '../../../shared/archives/zip/build-zip.ts';
import { asNobody, needsRoot } from '../../../support/as-nobody.ts';
import { cli } from '../../../support/cli.ts';
import { cannotMount, mountTmpfs } from '../../../support/mounts.ts';
import { MEMBERS, OFFSETS, place, spoiled, writeVolumes } from './archives.ts';

const extract = (cwd: string, ...args: string[]) => cli(['archive', 'extract', 'ar.zip', ...args], { cwd });

test('extract makes a file of each member, with content, mode and time, and without set-user-ID', async (context) => {
  const { cwd } = place(context);
  const { stdout, stderr, exitCode } = await extract(cwd, '--into', 'out/deep');
  assert.deepEqual([stdout, stderr, exitCode], ['3 files, 600 KB, extracted\n', '', 0]);
  for (const { facts, content } of MEMBERS) {
    const path = join(cwd, 'out/deep', facts.name);
    assert.ok(readFileSync(path).equals(content));
    assert.equal(statSync(path).mode, facts.mode & 0o100777);
    assert.equal(Math.floor(statSync(path).mtimeMs), facts.mtimeMs);
  }
  assert.deepEqual(readdirSync(join(cwd, 'out/deep')).toSorted(), ['a.txt', 'dir']);
});

test('extract takes members by name, or what lies below one, from all volumes', async (context) => {
  const made = place(context);
  writeVolumes(made);
  assert.equal(
    (await extract(made.cwd, 'dir/', 'in 10', '--into', 'out')).stdout,
    '3 files, 600 KB, extracted\n',
  );
  assert.deepEqual(readdirSync(join(made.cwd, 'out'), { recursive: true }).toSorted(), [
    'dir',
    'dir/b.bin',
    'dir/ü\n',
    'in 10',
  ]);
});

test('a name may be given as list shows it, unless another member has that very name', async (context) => {
  const shown = 'dir\\n';
  const { cwd, write } = place(context, [memberOf('dir\n/\t', 'below'), memberOf('other', '')]);
  for (const name of [shown, `${shown}/`, `${shown}/\\t`]) {
    const { stdout } = await extract(cwd, name, '--into', 'out', '--overwrite');
    assert.equal(stdout, '1 file, 5 B, extracted\n');
  }
  assert.equal(readFileSync(join(cwd, 'out', 'dir\n', '\t'), 'utf8'), 'below');
  write('ar.zip', buildZip([memberOf('dir\n', 'shown'), memberOf(shown, 'named')]).bytes);
  await extract(cwd, shown, '--into', 'out');
  assert.equal(readFileSync(join(cwd, 'out', shown), 'utf8'), 'named');
  assert.match((await extract(cwd, 'dir\\t')).stderr, /has no member dir\\t; did you mean/);
});

test('what cannot be extracted to is said before anything is written', async (context) => {
  const { cwd } = place(context);
  const { exitCode, stderr } = await extract(cwd, '--into', 'ar.zip');
  assert.equal(exitCode, 5);
  assert.match(stderr, /^wharfinger: nothing can be extracted to .*\/ar\.zip \(ENOTDIR\); give a directory /);
});

test('extract writes nothing where a name is not there, and guesses which was meant', async (context) => {
  const { cwd } = place(context);
  const { stderr, exitCode } = await extract(cwd, 'a.txt', 'dir/b.bni', '--into', 'out');
  assert.equal(exitCode, 2);
  assert.match(stderr, /ar\.zip has no member dir\/b\.bni; did you mean dir\/b\.bin\?\n$/);
  assert.ok(!existsSync(join(cwd, 'out')));
  assert.equal((await cli(['archive', 'extract', 'nix.zip', '--into', 'out'], { cwd })).exitCode, 2);
  assert.ok(!existsSync(join(cwd, 'out')));
});

test('extract leaves a file that is there as it is, unless it is told to replace it', async (context) => {
  const { cwd } = place(context);
  writeFileSync(join(cwd, 'a.txt'), 'mine');
  const kept = await extract(cwd);
  assert.equal(kept.exitCode, 3);
  assert.equal(kept.stderr, 'ar.zip: a.txt: is there already (--overwrite replaces it)\n');
  assert.equal(kept.stdout, '2 files, 600 KB, extracted; 1 member not\n');
  assert.equal(readFileSync(join(cwd, 'a.txt'), 'utf8'), 'mine');
  const replaced = await extract(cwd, '--overwrite');
  assert.deepEqual([replaced.exitCode, replaced.stderr], [0, '']);
  assert.equal(readFileSync(join(cwd, 'a.txt'), 'utf8'), 'hello, hello, hello');
});

test('extract never goes outside: not by names, and not through symbolic links', async (context) => {
  const names = ['../up', '/abs', 'a/../../up', 'link/x', 'file/x', 'nul\0', './dot', 'a//b', 'link', 'fine'];
  const { cwd } = place(
    context,
    names.map((name) => memberOf(name, 'evil')),
  );
  const outside = join(cwd, 'outside');
  const out = join(cwd, 'out');
  for (const directory of [outside, out]) mkdirSync(directory);
  symlinkSync(outside, join(out, 'link'));
  writeFileSync(join(out, 'file'), 'mine');
  const { stderr, exitCode } = await extract(cwd, '--into', 'out', '--overwrite');
  assert.equal(exitCode, 4);
  assert.deepEqual(readdirSync(outside), []);
  assert.deepEqual(readdirSync(cwd).toSorted(), ['ar.zip', 'out', 'outside']);
  assert.deepEqual(readdirSync(out).toSorted(), ['fine', 'file', 'link'].toSorted());
  // The link itself was replaced, and not what it led to.
  assert.ok(lstatSync(join(out, 'link')).isFile());
  assert.equal(stderr.split('\n').length - 1, names.length - 2);
  assert.match(stderr, /\.\.\/up: has a name that leads outside/);
  assert.match(stderr, /link\/x: has a symbolic link or a file where its directory should be/);
});

test('extract leaves out damaged members alone, and exits 4', async (context) => {
  const made = place(context);
  made.write('ar.zip', spoiled((OFFSETS[1] ?? 0) + 100));
  const { stdout, stderr, exitCode } = await extract(made.cwd, '--into', 'out');
  assert.equal(exitCode, 4);
  assert.match(stderr, /^ar\.zip: dir\/b\.bin: .*\n$/);
  assert.equal(stdout, '2 files, 19 B, extracted; 1 member not\n');
  assert.deepEqual(readdirSync(join(made.cwd, 'out'), { recursive: true }).toSorted(), [
    'a.txt',
    'dir',
    'dir/ü\n',
  ]);
});

test('extract makes directories of entries that are ones, and says what it makes nothing of', async (context) => {
  const members = [
    memberOf('dir/', '', { store: true, mode: 0o040755 }),
    memberOf('link', 'a', { store: true, mode: 0o120777 }),
    memberOf('x'.repeat(300), 'long'),
    memberOf('dir', 'a directory by now'),
  ];
  const { cwd } = place(context, members);
  const { stderr, exitCode } = await extract(cwd, '--into', 'out', '--overwrite');
  assert.equal(exitCode, 3);
  assert.match(stderr, /link: is a symbolic link or a device/);
  assert.match(stderr, /x: has a name that is too long/);
  assert.match(stderr, /dir: is a directory here/);
  assert.deepEqual(readdirSync(join(cwd, 'out')), ['dir']);
});

test('extract exits 5 where the disk is full, and leaves no half file', {
  skip: cannotMount(),
}, async (context) => {
  const { cwd } = place(context, [memberOf('small', 'x'), memberOf('large', randomBytes(300_000))]);
  const out = mountTmpfs(context, join(cwd, 'out'), 100_000);
  const { stderr, exitCode } = await extract(cwd, '--into', 'out');
  assert.equal(exitCode, 5);
  assert.match(stderr, /ENOSPC/);
  assert.deepEqual(readdirSync(out), ['small']);
});

test('extract exits 5 where it may not write', needsRoot, async (context) => {
  const { cwd } = place(context);
  mkdirSync(join(cwd, 'out'));
  chmodSync(cwd, 0o755);
  const { stderr, exitCode } = await asNobody(() => extract(cwd, '--into', 'out'));
  assert.equal(exitCode, 5);
  assert.match(stderr, /EACCES/);
});

test('extract stops between members when it is told to', async (context) => {
  const { cwd } = place(context);
  const stop = AbortSignal.abort();
  const { stdout, exitCode } = await cli(['archive', 'extract', 'ar.zip', '--into', 'out'], { cwd, stop });
  assert.deepEqual([stdout, exitCode], ['0 files, 0 B, extracted, then stopped\n', 0]);
  assert.deepEqual(readdirSync(join(cwd, 'out')), []);
});

test('of two members with one name the first is extracted, and the other is said', async (context) => {
  const { cwd, write } = place(context);
  write('ar.zip', buildZip([memberOf('a', 'one'), memberOf('a', 'two')]).bytes);
  const { exitCode } = await extract(cwd, '--into', 'out');
  assert.equal(exitCode, 3);
  assert.equal(readFileSync(join(cwd, 'out/a'), 'utf8'), 'one');
});
