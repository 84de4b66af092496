import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotMount, has, mountBind, mountTmpfs, unmount } from '../support/mounts.ts';
import { Program } from '../support/program.ts';
import { tempDir } from '../support/temp.ts';
import { Wharf } from '../support/wharf.ts';

const skip = cannotMount() ?? false;
const skipTrace = has('strace') ? false : 'strace is not installed';
const MIB = 1024 * 1024;

test('a full warehouse is said once, holds nothing back for good, and goes on when there is space', {
  skip,
}, async (t) => {
  const warehouse = mountTmpfs(t, join(tempDir(t), 'warehouse'), 2 * MIB);
  const wharf = new Wharf(t, { warehouse });
  await using program = wharf.start(['--workers', '1']);
  for (const name of ['a', 'b', 'c', 'd']) wharf.drop(`${name}.csv`, name.repeat(MIB * 0.75));
  const refused = await program.waitFor('place.refused');
  assert.match(String(refused.reason), /no space left \(ENOSPC\)/);
  execFileSync('mount', ['-o', 'remount,size=16M', warehouse]);
  await program.waitFor('place.recovered');
  await allIngested(program, 4);
  assert.equal(program.log.filter(({ event }) => event === 'place.refused').length, 1);
  await stopped(program);
  await wharf.assertAllLandedOnce();
});

test('--once with a full warehouse leaves the file, says so, and exits with 3', { skip }, async (t) => {
  const warehouse = mountTmpfs(t, join(tempDir(t), 'warehouse'), MIB);
  const wharf = new Wharf(t, { warehouse });
  wharf.drop('large.csv', 'x'.repeat(2 * MIB));
  const { code, stderr } = await wharf.once();
  assert.equal(code, 3, stderr);
  assert.deepEqual(wharf.left(), ['large.csv']);
  execFileSync('mount', ['-o', 'remount,size=16M', warehouse]);
  // The attempt that is due in some seconds is made now.
  assert.equal(
    (await new Program(['queue', 'retry', '--delayed', '--state-path', wharf.state]).exited).code,
    0,
  );
  assert.equal((await wharf.once()).code, 0);
  await wharf.assertAllLandedOnce();
});

test('a warehouse that is unmounted is told from an empty one, and taken up when it is back', {
  skip,
}, async (t) => {
  const root = tempDir(t);
  const disk = join(root, 'disk');
  mkdirSync(disk);
  const warehouse = mountBind(t, disk, join(root, 'warehouse'));
  const wharf = new Wharf(t, { warehouse });
  await using program = wharf.start();
  wharf.drop('before.csv', 'before');
  await allIngested(program, 1);
  unmount(warehouse);
  wharf.drop('during.csv', 'during');
  const refused = await program.waitFor('place.refused');
  assert.match(String(refused.reason), /has lost its mark/);
  assert.deepEqual(wharf.stored(), [], 'nothing was put into the directory below the mount point');
  mountBind(t, disk, warehouse);
  await allIngested(program, 2);
  await stopped(program);
  await wharf.assertAllLandedOnce();
});

test('an input directory that vanishes is waited for, and what lies in it then is taken', async (t) => {
  const wharf = new Wharf(t);
  await using program = wharf.start(['--scan-seconds', '1']);
  wharf.drop('before.csv', 'before');
  await allIngested(program, 1);
  renameSync(wharf.input, `${wharf.input}.away`);
  await program.waitFor('input.missing');
  renameSync(`${wharf.input}.away`, wharf.input);
  wharf.drop('after.csv', 'after');
  await allIngested(program, 2);
  await stopped(program);
  await wharf.assertAllLandedOnce();
});

test('manifests that cannot be written delay the commit, and nothing is lost', async (t) => {
  const wharf = new Wharf(t);
  await using program = wharf.start();
  await program.waitFor('worker.started');
  rmSync(wharf.manifests, { recursive: true });
  wharf.drop('a.csv', 'a');
  await program.waitFor('place.refused');
  mkdirSync(wharf.manifests);
  await allIngested(program, 1);
  await stopped(program);
  await wharf.assertAllLandedOnce();
});

for (const errno of ['EDQUOT', 'EIO', 'EROFS', 'ENOSPC']) {
  test(`a move that fails with ${errno} is tried again, at no charge`, { skip: skipTrace }, async (t) => {
    const wharf = new Wharf(t);
    wharf.drop('a.csv', 'a');
    const inject = [
      'strace',
      '--seccomp-bpf',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=renameat2',
      '-e',
      `inject=renameat2:error=${errno}:when=1..2`,
    ];
    await using program = new Program(wharf.args('--workers', '1'), {}, inject);
    const refused = await program.waitFor('place.refused');
    assert.match(String(refused.reason), new RegExp(errno));
    await allIngested(program, 1);
    await stopped(program);
    await wharf.assertAllLandedOnce();
  });
}

test('a source that cannot be read for a moment is read again; one that never can fails with its reason', {
  skip: skipTrace,
}, async (t) => {
  const wharf = new Wharf(t);
  const path = wharf.drop('a.csv', 'a');
  const inject = [
    'strace',
    '--seccomp-bpf',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-P',
    path,
    '-e',
    'trace=pread64,read',
    '-e',
    'inject=pread64,read:error=EIO',
  ];
  await using program = new Program(wharf.args('--workers', '1', '--max-attempts', '2'), {}, inject);
  const failed = await program.waitFor('file.failed');
  assert.match(
    String(failed.reason),
    /cannot be read: input\/output error of the device \(EIO\), at attempt 2/,
  );
  await stopped(program);
  assert.equal(
    (await new Program(['queue', 'retry', '--failed', '--state-path', wharf.state]).exited).code,
    0,
  );
  assert.equal((await wharf.once()).code, 0);
  await wharf.assertAllLandedOnce();
});

test('a state file whose disk is full is waited out, and nothing is lost or doubled', { skip }, async (t) => {
  const root = tempDir(t);
  const disk = mountTmpfs(t, join(root, 'state'), 2 * MIB);
  const wharf = new Wharf(t, { state: join(disk, 'state.db') });
  await using program = wharf.start();
  await program.waitFor('worker.started');
  await program.waitFor('scan.finished');
  const filler = join(disk, 'filler');
  fill(filler);
  for (let n = 0; n < 200; n++) wharf.drop(`${n}.csv`, `content ${n}`);
  await program.waitFor((record) => record.event === 'state.refused');
  rmSync(filler);
  await allIngested(program, 200);
  await stopped(program);
  await wharf.assertAllLandedOnce();
});

function fill(path: string): void {
  for (let size = 64 * 1024; size >= 4096; size /= 2) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // Full for pieces of this size.
    }
  }
  assert.ok(existsSync(path) && readFileSync(path).length > 0);
}

async function allIngested(program: Program, count: number): Promise<void> {
  const isDone = (record: { event: string }) => record.event === 'file.ingested';
  await program.waitFor(
    () => new Set(program.log.filter(isDone).map(({ source }) => source)).size >= count,
    60_000,
  );
}

async function stopped(program: Program): Promise<void> {
  const { code, stderr } = await program.stop();
  assert.equal(code, 0, stderr);
}
