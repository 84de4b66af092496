import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type CliOptions, cli, jsonLines } from '../../../support/cli.ts';
import { CopyPlace } from '../../../support/copies.ts';

const run = (place: CopyPlace, args: readonly string[], options: CliOptions = {}) =>
  cli(['copy', ...args, ...place.options], { cwd: place.root, ...options });

test('a file is copied, and one line says so', async (t) => {
  const place = new CopyPlace(t);
  place.write('a.csv', 'content');
  const { stdout, stderr, exitCode } = await run(place, ['a.csv', 's3://lab/buck/2024/']);
  assert.deepEqual(
    { stdout, stderr, exitCode },
    { stdout: '', stderr: '1 file, 7 B copied to s3://lab/buck/2024/a.csv\n', exitCode: 0 },
  );
  assert.equal(place.read('2024/a.csv'), 'content');
});

test('a directory is copied with hidden files; what is no file is left out and said, a bad name fails', async (t) => {
  const place = new CopyPlace(t);
  place.write('tree/a.csv', 'a');
  place.write('tree/.deep/.er/b.csv', 'bb');
  place.write('tree/.wharfinger-1.tmp', 'c');
  mkdirSync(join(place.root, 'tree/empty'));
  symlinkSync('a.csv', join(place.root, 'tree/link'));
  execFileSync('mkfifo', [join(place.root, 'tree/pipe')]);
  writeFileSync(Buffer.concat([Buffer.from(join(place.root, 'tree/bad')), Buffer.from([0xff])]), 'd');
  const { stdout, stderr, exitCode } = await run(place, ['-r', '--json', 'tree', 's3://lab/buck']);
  assert.equal(exitCode, 3);
  assert.deepEqual(place.files('incoming'), ['lab/buck/tree/.deep/.er/b.csv', 'lab/buck/tree/a.csv']);
  const lines = jsonLines(stdout);
  const by = (status: string) => lines.filter((line) => line.status === status);
  assert.deepEqual(
    by('copied')
      .map(({ profile, bucket, key, size }) => [profile, bucket, key, size])
      .sort(),
    [
      ['lab', 'buck', 'tree/.deep/.er/b.csv', 2],
      ['lab', 'buck', 'tree/a.csv', 1],
    ],
  );
  assert.equal(
    by('copied').every(({ sha256, record }) => sha256 !== null && record !== null),
    true,
  );
  assert.deepEqual(
    by('skipped')
      .map(({ reason }) => reason)
      .sort(),
    [
      'it is a FIFO',
      'it is a symbolic link',
      'the directory is empty, and object storage has no directories',
    ],
  );
  assert.equal(by('failed').length, 2);
  assert.match(stderr, /bad\uFFFD is not copied: its name is not UTF-8/);
  assert.match(stderr, /begins with \.wharfinger/);
  assert.match(stderr, /^2 files, 3 B copied to s3:\/\/lab\/buck\/; 2 not copied; 3 left out$/m);
});

test('the same again is nothing to do; other content fails unless it is forced', async (t) => {
  const place = new CopyPlace(t);
  place.write('tree/a.csv', 'a');
  place.write('tree/b.csv', 'b');
  const args = ['-r', 'tree/', 's3://lab/buck/x'];
  assert.equal((await run(place, args)).exitCode, 0);
  const again = await run(place, args);
  assert.equal(again.exitCode, 0);
  assert.match(again.stderr, /^0 files, 0 B copied to s3:\/\/lab\/buck\/x; 2 waiting there already$/m);
  place.write('tree/b.csv', 'B');
  place.write('tree/c.csv', 'c');
  const other = await run(place, args);
  assert.equal(other.exitCode, 3);
  assert.match(other.stderr, /waits there already: .*\/x\/b\.csv; --force replaces it/);
  assert.deepEqual([place.read('x/b.csv'), place.read('x/c.csv')], ['b', 'c']);
  const forced = await run(place, [...args, '--force']);
  assert.equal(forced.exitCode, 0);
  assert.match(forced.stderr, /^1 file, 1 B copied .*; 1 replaced; 2 waiting there already$/m);
  assert.equal(place.read('x/b.csv'), 'B');
});

test('two sources that become one key are a fault of the second', async (t) => {
  const place = new CopyPlace(t);
  place.write('one/a.csv', 'first');
  place.write('two/a.csv', 'second');
  const { stderr, exitCode } = await run(place, ['one/a.csv', 'two/a.csv', 's3://lab/buck/']);
  assert.equal(exitCode, 3);
  assert.match(stderr, /two\/a\.csv is not copied: another file of this copy goes to a\.csv already/);
  assert.equal(place.read('a.csv'), 'first');
});

test('a source may be a link, to a file or a directory', async (t) => {
  const place = new CopyPlace(t);
  place.write('tree/a.csv', 'a');
  symlinkSync('tree', join(place.root, 'linked'));
  symlinkSync('tree/a.csv', join(place.root, 'linked.csv'));
  const { exitCode } = await run(place, ['-r', 'linked', 'linked.csv', 's3://lab/buck/']);
  assert.equal(exitCode, 0);
  assert.deepEqual(place.files('incoming'), ['lab/buck/linked.csv', 'lab/buck/linked/a.csv']);
});

test('wrong usage is refused before anything is copied', async (t) => {
  const place = new CopyPlace(t);
  place.write('a.csv', 'a');
  place.write('tree/b.csv', 'b');
  execFileSync('mkfifo', [join(place.root, 'pipe')]);
  const to = 's3://lab/buck/';
  const cases: readonly [args: string[], message: RegExp][] = [
    [['a.csv'], /needs to be told what to copy and where to/],
    [['a.csv', '/srv/x'], /does not begin with s3:\/\//],
    [['a.csv', 's3://lba/buck/'], /no profile "lba".*did you mean lab\?/],
    [['a.csv', 's3://lab/b/'], /cannot be the name of a bucket/],
    [['a.csv', 'tree', to], /omitting directory tree; .*-r/],
    [['a.csv', 'missing', to], /missing does not exist/],
    [['a.csv', 'pipe', to], /pipe is a FIFO/],
    [['a.csv', 'a.csv/', to], /a\.csv\/ is not a directory/],
    [['a.csv', 'tree/b.csv', 's3://lab/buck/x'], /several sources need .* end it with \//],
    [['a.csv', '', to], /"" is no path/],
    [['-r', 'a.csv', '.', to], /has the server directory in it/],
    [['a.csv', `s3://lab/buck/${'k'.repeat(1025)}`], /1024 is the limit/],
  ];
  for (const [args, message] of cases) {
    const { stderr, exitCode } = await run(place, args);
    assert.equal(exitCode, 2, args.join(' '));
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1);
  }
  const without = await cli(['copy', 'a.csv', to], { cwd: place.root });
  assert.match(without.stderr, /no server directory is given/);
  assert.equal(without.exitCode, 2);
  assert.deepEqual(place.files('incoming'), []);
  assert.equal(existsSync(place.statePath), false);
});

test('a server directory that is missing is refused; its directories are made', async (t) => {
  const place = new CopyPlace(t);
  place.write('a.csv', 'a');
  rmSync(place.directory, { recursive: true });
  const missing = await run(place, ['a.csv', 's3://lab/buck/']);
  assert.equal(missing.exitCode, 5);
  assert.match(missing.stderr, /the server directory .* does not exist; give the one of `wharfinger serve`/);
  assert.equal(existsSync(place.directory), false);
  mkdirSync(place.directory);
  assert.equal((await run(place, ['a.csv', 's3://lab/buck/'])).exitCode, 0);
  assert.deepEqual(place.files('incoming'), ['lab/buck/a.csv']);
});

test('what was told to stop before it began copies nothing, and does not claim that it did', async (t) => {
  const place = new CopyPlace(t);
  place.write('a.csv', 'a');
  const { stderr, exitCode } = await run(place, ['a.csv', 's3://lab/buck/'], { stop: AbortSignal.abort() });
  assert.equal(exitCode, 3);
  assert.match(stderr, /told to stop: 1 file is not copied/);
  assert.deepEqual(place.files('incoming'), []);
});

test('on a terminal there is a bar, which is gone at the end', async (t) => {
  const place = new CopyPlace(t);
  place.write('a.csv', 'a');
  const { stderr } = await run(place, ['a.csv', 's3://lab/buck/'], { isTerminal: true });
  assert.match(stderr, /% · \d\/1 files/);
  assert.ok(stderr.endsWith('\r\x1b[K1 file, 1 B copied to s3://lab/buck/a.csv\n'));
});
