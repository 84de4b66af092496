import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  truncateSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { COPY_POINTS, type CopyPoint } from '../../../../shared/uploads/copy-points.ts';
import { created } from '../../../crash/scenarios.ts';
import { jsonLines } from '../../../support/cli.ts';
import { CopyPlace } from '../../../support/copies.ts';
import { cannotMount, mountTmpfs } from '../../../support/mounts.ts';
import { type Exit, Program, runProgram } from '../../../support/program.ts';
import { tempDir } from '../../../support/temp.ts';
import { runBin } from '../run-bin.ts';

const OWN_POINTS = COPY_POINTS.filter((point) => !point.includes('clean'));

const copyArgs = (place: CopyPlace, ...args: string[]) => ['copy', ...args, ...place.options];

/** A file of several chunks, so that there is a middle. */
function makeLarge(place: CopyPlace, name: string): string {
  const path = place.write(name, 'begins so');
  truncateSync(path, 20_000_000);
  return path;
}

const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Runs the program until it is paused at a point. */
async function pausedAt(place: CopyPlace, point: CopyPoint, args: readonly string[]) {
  const pauseFile = join(place.root, 'paused');
  const program = new Program(args, { WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: pauseFile });
  await created(place.root, pauseFile);
  const resume = async (): Promise<Exit> => {
    unlinkSync(pauseFile);
    return await program.exited;
  };
  return { program, resume };
}

for (const point of OWN_POINTS) {
  test(`a copy killed at ${point} leaves the whole file in incoming or nothing, and a server cleans up after it`, async (t) => {
    const place = new CopyPlace(t);
    const source = makeLarge(place, 'large');
    const args = copyArgs(place, source, 's3://lab/buck/x/');
    const died = await runProgram(args, { WHARFINGER_CRASH_AT: point });
    assert.equal(died.signal, 'SIGKILL', `${point} was reached`);
    const isThere = COPY_POINTS.indexOf(point) >= COPY_POINTS.indexOf('copy-in.renamed');
    const incoming = join(place.directory, 'incoming/lab/buck/x/large');
    assert.equal(existsSync(incoming), isThere);
    if (isThere) assert.equal(hashOf(incoming), hashOf(source));
    const cleaned = await place.clean();
    assert.deepEqual(cleaned, { removed: isThere ? [] : ['lab/buck/x/large'], left: [] });
    assert.deepEqual(place.files('incoming_tmp'), []);
    const wasRecorded = COPY_POINTS.indexOf(point) >= COPY_POINTS.indexOf('copy-in.recorded');
    assert.deepEqual(
      place.rows().map(({ current_state }) => current_state),
      wasRecorded ? [isThere ? 'incoming' : 'gone'] : [],
    );
    const again = await runProgram(args);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(hashOf(incoming), hashOf(source));
  });
}

for (const point of OWN_POINTS) {
  test(`many copies killed at ${point} leave whole files in incoming, and nothing of the others`, async (t) => {
    const place = new CopyPlace(t);
    const keys = Array.from({ length: 200 }, (_, index) => `${index % 3}/${index}`);
    for (const key of keys) place.write(`tree/${key}`, `content of ${key}`);
    const args = copyArgs(place, '-r', join(place.root, 'tree/'), 's3://lab/buck');
    // In the second batch, where some of the first are taken for granted.
    const at = point === 'copy-in.created' || point === 'copy-in.locked' ? 150 : 2;
    const died = await runProgram(args, { WHARFINGER_CRASH_AT: `${point}:${at}` });
    assert.equal(died.signal, 'SIGKILL', `${point} was reached`);
    const there = place.files('incoming').map((path) => path.slice('lab/buck/'.length));
    assert.ok(there.length >= 128);
    for (const key of there) assert.equal(place.read(key), `content of ${key}`);
    const { left } = await place.clean();
    assert.deepEqual(left, []);
    assert.deepEqual(place.files('incoming_tmp'), []);
    const again = await runProgram(args);
    assert.equal(again.code, 0, again.stderr);
    for (const key of keys) assert.equal(place.read(key), `content of ${key}`);
    const open = place.rows().filter(({ current_state }) => current_state !== 'gone');
    assert.deepEqual(open.map(({ filepath }) => filepath).sort(), [...keys].sort());
  });
}

for (const point of ['copy-in.locked', 'copy-in.written', 'copy-in.recorded'] as const) {
  test(`a copy that stands still at ${point} is not torn away by a server that starts`, async (t) => {
    const place = new CopyPlace(t);
    const source = makeLarge(place, 'large');
    const { program, resume } = await pausedAt(place, point, copyArgs(place, source, 's3://lab/buck/x/'));
    await using _ = program;
    assert.deepEqual(await place.clean(), {
      removed: [],
      left: ['lab/buck/x/large: a copy has it in hand'],
    });
    assert.deepEqual(place.files('incoming'), []);
    const { code, stderr } = await resume();
    assert.equal(code, 0, stderr);
    assert.equal(hashOf(join(place.directory, 'incoming/lab/buck/x/large')), hashOf(source));
    assert.deepEqual(place.files('incoming_tmp'), []);
  });
}

test('a server that starts says what it leaves and what it removes', async (t) => {
  const place = new CopyPlace(t);
  place.write('server/incoming_tmp/lab/buck/dead', 'of a copy that died');
  const source = makeLarge(place, 'large');
  const { program, resume } = await pausedAt(
    place,
    'copy-in.locked',
    copyArgs(place, source, 's3://lab/buck/x/'),
  );
  await using _ = program;
  const served = await runProgram(['serve', '--once', '--workers', '1', ...place.options]);
  assert.equal(served.code, 0, served.stderr);
  assert.match(served.stderr, /\/x\/large is left: a copy has it in hand$/m);
  assert.match(served.stderr, /"event":"copy\.removed".*\/buck\/dead"/);
  assert.deepEqual(place.files('incoming_tmp'), ['lab/buck/x/large']);
  assert.equal((await resume()).code, 0);
});

test('a copy whose reader has seen enough does not claim to be done', async (t) => {
  const place = new CopyPlace(t);
  for (let index = 0; index < 600; index += 1) place.write(`tree/${index}`, 'content');
  await using program = new Program(
    copyArgs(place, '-r', '--json', join(place.root, 'tree/'), 's3://lab/buck'),
  );
  program.child.stdout?.destroy();
  const { code } = await program.exited;
  assert.equal(code, 3);
});

test('a copy whose file was cleaned away before it had its lock goes on with another', async (t) => {
  const place = new CopyPlace(t);
  const source = makeLarge(place, 'large');
  const args = copyArgs(place, source, 's3://lab/buck/x/');
  const { program, resume } = await pausedAt(place, 'copy-in.created', args);
  await using _ = program;
  assert.deepEqual((await place.clean()).removed, ['lab/buck/x/large']);
  const { code, stderr } = await resume();
  assert.equal(code, 0, stderr);
  assert.equal(hashOf(join(place.directory, 'incoming/lab/buck/x/large')), hashOf(source));
  assert.deepEqual(place.files('incoming_tmp'), []);
});

for (const point of ['copy-in.clean-opened', 'copy-in.clean-locked'] as const) {
  test(`a server that stands still at ${point} removes nothing that is copied meanwhile`, async (t) => {
    const place = new CopyPlace(t);
    place.write('server/incoming_tmp/lab/buck/x/large', 'of a copy that died');
    const source = makeLarge(place, 'large');
    const serve = ['serve', '--once', '--workers', '1', ...place.options];
    const { program, resume } = await pausedAt(place, point, serve);
    await using _ = program;
    const copied = await place.copy(source, 'x/large');
    assert.equal(copied.outcome, 'copied');
    const incoming = join(place.directory, 'incoming/lab/buck/x/large');
    assert.equal(existsSync(incoming), true);
    // It goes on to try to upload what it finds, and there is no object storage here.
    const { stderr } = await resume();
    const removed = jsonLines(stderr).filter(({ event }) => event === 'copy.removed');
    assert.deepEqual(
      removed.map(({ path }) => path),
      [join(place.directory, 'incoming_tmp/lab/buck/x/large')],
    );
    const places = ['incoming', 'processing', 'failed'].map((name) =>
      join(place.directory, name, 'lab/buck/x/large'),
    );
    const now = places.filter((path) => existsSync(path));
    assert.equal(now.length, 1, stderr);
    assert.equal(hashOf(String(now[0])), hashOf(source));
  });
}

test('of two copies of one name at once, one comes through and the other says so; of the same content both', async (t) => {
  for (const [second, expected] of [
    ['second', [0, 3]],
    ['first', [0, 0]],
  ] as const) {
    const place = new CopyPlace(t, tempDir(t));
    const sources = [place.write('one', 'first'), place.write('two', second)];
    const paused = await pausedAt(
      place,
      'copy-in.recorded',
      copyArgs(place, String(sources[0]), 's3://lab/buck/x'),
    );
    await using _ = paused.program;
    const other = await runProgram(copyArgs(place, String(sources[1]), 's3://lab/buck/x'));
    assert.equal(other.code, 0, other.stderr);
    const first = await paused.resume();
    assert.deepEqual([other.code, first.code], expected, first.stderr);
    assert.equal(place.read('x'), second);
    assert.deepEqual(place.files('incoming_tmp'), []);
    assert.deepEqual(
      place.rows().map(({ current_state }) => current_state),
      ['incoming'],
    );
  }
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} in the middle of a file removes what was begun of it, and keeps what was delivered`, async (t) => {
    const place = new CopyPlace(t);
    const small = place.write('small', 'content');
    const large = makeLarge(place, 'large');
    truncateSync(large, 2_000_000_000);
    // The second file that is locked is the large one.
    const args = copyArgs(place, small, large, 's3://lab/buck/');
    await using program = new Program(args);
    const temporary = join(place.directory, 'incoming_tmp/lab/buck');
    await created(join(place.directory, 'incoming_tmp/lab'), temporary);
    await created(temporary, join(temporary, 'large'));
    program.child.kill(signal);
    const { code, stderr } = await program.exited;
    assert.equal(code, 3, stderr);
    assert.match(stderr, /1 file, 7 B copied/);
    assert.match(stderr, /told to stop: 1 file is not copied/);
    assert.deepEqual(place.files('incoming'), ['lab/buck/small']);
    assert.deepEqual(place.files('incoming_tmp'), []);
  });
}

test('a full disk is said, and nothing is left of the file that did not fit', {
  skip: cannotMount() ?? false,
}, async (t) => {
  const root = tempDir(t);
  mountTmpfs(t, join(root, 'server'), 4_000_000);
  const place = new CopyPlace(t, root);
  const sources = [place.write('small', 'content'), makeLarge(place, 'large'), place.write('last', 'x')];
  const { code, stderr } = await runProgram(copyArgs(place, ...sources, 's3://lab/buck/'));
  assert.equal(code, 5, stderr);
  assert.match(stderr, /no space is left on the file system of the server directory; free space/);
  assert.match(stderr, /1 file, 7 B copied/);
  assert.deepEqual(place.files('incoming'), ['lab/buck/small']);
  assert.deepEqual(place.files('incoming_tmp'), []);
});

test('a file that this user may not read fails, and the others are copied', {
  skip: process.geteuid?.() === 0 ? false : 'only root can become somebody else',
}, (t) => {
  const NOBODY = 65_534;
  const place = new CopyPlace(t);
  for (const name of ['a', 'b', 'c']) chmodSync(place.write(`tree/${name}`, name), 0o644);
  chmodSync(join(place.root, 'tree/b'), 0o600);
  const own = [place.root, place.credentials, place.directory];
  for (const name of ['incoming_tmp', 'incoming'])
    own.push(join(place.directory, name), join(place.directory, name, 'lab'));
  for (const path of own) chownSync(path, NOBODY, NOBODY);
  const { exitCode, stderr } = runBin(copyArgs(place, '-r', join(place.root, 'tree/'), 's3://lab/buck'), {
    uid: NOBODY,
  });
  assert.equal(exitCode, 3, stderr);
  assert.match(stderr, /tree\/b is not copied: .* cannot be read \(EACCES\); let this user read it/);
  assert.deepEqual(place.files('incoming'), ['lab/buck/a', 'lab/buck/c']);
});

test('a thousand files are copied, each whole and on record', async (t: TestContext) => {
  const place = new CopyPlace(t);
  for (let index = 0; index < 1000; index += 1)
    place.write(`tree/${index % 10}/${index}.csv`, `content of ${index}`);
  const startedMs = performance.now();
  const { code, stdout, stderr } = await runProgram(
    copyArgs(place, '-r', '--json', join(place.root, 'tree/'), 's3://lab/buck/many'),
  );
  t.diagnostic(`${Math.round(performance.now() - startedMs)} ms`);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^1,000 files, 13\.9 KB copied to s3:\/\/lab\/buck\/many$/m);
  assert.equal(jsonLines(stdout).length, 1000);
  assert.equal(place.files('incoming').length, 1000);
  for (let index = 0; index < 1000; index += 1)
    assert.equal(place.read(`many/${index % 10}/${index}.csv`), `content of ${index}`);
  assert.deepEqual(place.files('incoming_tmp'), []);
  assert.deepEqual([...new Set(place.rows().map(({ current_state }) => current_state))], ['incoming']);
});

test('a file that is replaced by force is never missing, nor half of it there', async (t) => {
  const place = new CopyPlace(t);
  place.write('server/incoming/lab/buck/x', 'old');
  const source = place.write('new', 'new content');
  const args = copyArgs(place, source, 's3://lab/buck/x', '--force');
  for (const point of ['copy-in.written', 'copy-in.renamed'] as const) {
    const { signal } = await runProgram(args, { WHARFINGER_CRASH_AT: point });
    assert.equal(signal, 'SIGKILL');
    assert.equal(place.read('x'), point === 'copy-in.written' ? 'old' : 'new content');
  }
});

test('the temporary file is locked, and not open for writing, when it is moved', async (t) => {
  const { tryLock } = await import('../../../../shared/linux/flock.ts');
  const { hasOpenWriter } = await import('../../../../shared/linux/open-writer.ts');
  const place = new CopyPlace(t);
  const source = place.write('a', 'content');
  const args = copyArgs(place, source, 's3://lab/buck/x');
  const { program, resume } = await pausedAt(place, 'copy-in.renamed', args);
  await using _ = program;
  const fd = openSync(join(place.directory, 'incoming/lab/buck/x'), 'r');
  t.after(() => closeSync(fd));
  assert.equal(tryLock(fd), false);
  assert.equal(hasOpenWriter(fd), 'no');
  assert.equal((await resume()).code, 0);
  assert.equal(tryLock(fd), true);
});
