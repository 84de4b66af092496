import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type BytePath, fromText, join, toBytes } from '../../../shared/fs/byte-path.ts';
import { copyHashed } from '../../../shared/fs/copy-file.ts';
import { CHUNK_BYTES } from '../../../shared/fs/hash-file.ts';
import { cannotMount } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';
import { MountPlaces } from '../linux/mount-places.ts';

function setUp(
  t: TestContext,
  content: Buffer | string,
  target?: string,
): { source: BytePath; fd: number; copy: BytePath } {
  const directory = fromText(tempDir(t));
  const source = join(directory, 'source');
  writeFileSync(source, content);
  const fd = openSync(source, 'r');
  t.after(() => closeSync(fd));
  return { source, fd, copy: join(target === undefined ? directory : fromText(target), '.copy.tmp') };
}

test('a copy holds the content, tells its hash, and is open', async (t) => {
  for (const size of [0, 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7]) {
    const content = randomBytes(size);
    const { fd, copy } = setUp(t, content);
    const copied = await copyHashed(fd, copy);
    assert.equal(copied.bytes, size);
    assert.deepEqual(copied.sha256, createHash('sha256').update(content).digest());
    assert.ok(readFileSync(copy).equals(content));
    assert.equal(fstatSync(copied.fd).ino, statSync(copy).ino);
    closeSync(copied.fd);
  }
});

test('nobody else may read a copy that is not finished', async (t) => {
  const { fd, copy } = setUp(t, 'content');
  const copied = await copyHashed(fd, copy);
  assert.equal(fstatSync(copied.fd).mode & 0o7777, 0o600);
  closeSync(copied.fd);
});

test('a name that is taken, also by a dangling symlink, is EEXIST and left as it is', async (t) => {
  const { fd, copy } = setUp(t, 'content');
  writeFileSync(copy, 'other');
  await assert.rejects(copyHashed(fd, copy), { code: 'EEXIST' });
  assert.equal(readFileSync(copy, 'utf8'), 'other');
  const link = join(fromText(tempDir(t)), 'link');
  symlinkSync(`${link}-target`, link);
  await assert.rejects(copyHashed(fd, link), { code: 'EEXIST' });
  assert.ok(!existsSync(`${link}-target`));
});

test('names of any bytes are copied to', async (t) => {
  const { fd, copy } = setUp(t, 'content');
  const other = `${copy}\xff\n` as BytePath;
  closeSync((await copyHashed(fd, other)).fd);
  assert.equal(readFileSync(toBytes(other), 'utf8'), 'content');
});

test('an abort ends the copy with its reason and removes it', async (t) => {
  const { fd, copy } = setUp(t, Buffer.alloc(4 * CHUNK_BYTES));
  const abort = new AbortController();
  const told: number[] = [];
  const onProgress = (bytes: number) => {
    assert.ok(existsSync(copy));
    told.push(bytes);
    abort.abort(new Error('stop'));
  };
  await assert.rejects(copyHashed(fd, copy, { signal: abort.signal, onProgress }), /^Error: stop$/);
  assert.deepEqual(told, [CHUNK_BYTES]);
  assert.ok(!existsSync(copy));
});

test('a copy that its target has no room for is ENOSPC and removed', {
  skip: cannotMount() ?? false,
}, async (t) => {
  const target = new MountPlaces(t).tmpfs('small', 2 << 20);
  const { fd, copy } = setUp(t, Buffer.alloc(3 << 20, 'x'), target);
  await assert.rejects(copyHashed(fd, copy), { code: 'ENOSPC' });
  assert.deepEqual(readdirSync(target), []);
});

test('a source that cannot be read leaves no copy', async (t) => {
  const { copy } = setUp(t, '');
  const directory = openSync(tempDir(t), 'r');
  t.after(() => closeSync(directory));
  await assert.rejects(copyHashed(directory, copy), { code: 'EISDIR' });
  assert.ok(!existsSync(copy));
});

test('failures leave no descriptor open', async (t) => {
  const { fd, copy } = setUp(t, Buffer.alloc(CHUNK_BYTES));
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 10; i += 1) {
    await assert.rejects(copyHashed(fd, copy, { signal: AbortSignal.abort() }));
  }
  assert.equal(readdirSync('/proc/self/fd').length, before);
});
