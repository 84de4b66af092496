import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CHUNK_BYTES, hashLarge, hashSmall, SmallFileHasher } from '../../../shared/fs/hash-file.ts';
import { tempDir } from '../../support/temp.ts';

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function fileOf(t: TestContext, content: Buffer | string): { path: string; fd: number } {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  t.after(() => closeSync(fd));
  return { path, fd };
}

const digest = (algorithm: 'sha256' | 'md5', content: Buffer): string =>
  createHash(algorithm).update(content).digest('hex');

test('an empty file has the hash of nothing, small or large', async (t) => {
  const { fd } = fileOf(t, '');
  for (const { sha256, md5, bytes } of [hashSmall(fd, 0), await hashLarge(fd)]) {
    assert.equal(sha256.toString('hex'), EMPTY_SHA256);
    assert.equal(md5, undefined);
    assert.equal(bytes, 0);
  }
});

test('files of all sizes around a chunk have the right hashes', async (t) => {
  for (const size of [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7]) {
    const content = randomBytes(size);
    const { fd } = fileOf(t, content);
    for (const hash of [hashSmall(fd, size, { withMd5: true }), await hashLarge(fd, { withMd5: true })]) {
      assert.equal(hash.sha256.toString('hex'), digest('sha256', content));
      assert.equal(hash.md5?.toString('hex'), digest('md5', content));
      assert.equal(hash.bytes, size);
    }
  }
});

test('one hasher does one file after the other, and hashes stay', (t) => {
  const hasher = new SmallFileHasher(16);
  const first = hasher.hash(fileOf(t, 'a longer one').fd, 12);
  const second = hasher.hash(fileOf(t, 'short').fd, 5);
  assert.equal(first.sha256.toString('hex'), digest('sha256', Buffer.from('a longer one')));
  assert.equal(second.sha256.toString('hex'), digest('sha256', Buffer.from('short')));
});

test('a file that has grown or shrunk since its size was read is found out', (t) => {
  const { path, fd } = fileOf(t, 'content');
  const hasher = new SmallFileHasher(7);
  appendFileSync(path, ' and more');
  assert.equal(hasher.hash(fd, 7).bytes, 8);
  truncateSync(path, 3);
  const { bytes, sha256 } = hasher.hash(fd, 7);
  assert.equal(bytes, 3);
  assert.equal(sha256.toString('hex'), digest('sha256', Buffer.from('con')));
});

test('a file larger than the buffer is not for that hasher', (t) => {
  const { fd } = fileOf(t, 'content');
  assert.throws(() => new SmallFileHasher(6).hash(fd, 7), RangeError);
});

test("reading starts at the file's start and leaves the descriptor's position", async (t) => {
  const { fd } = fileOf(t, 'content');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, null);
  assert.equal(hashSmall(fd, 7).bytes, 7);
  assert.equal((await hashLarge(fd)).bytes, 7);
  readSync(fd, byte, 0, 1, null);
  assert.equal(byte.toString(), 'o');
});

test('progress is told after each chunk', async (t) => {
  const { fd } = fileOf(t, Buffer.alloc(2 * CHUNK_BYTES + 5));
  const told: number[] = [];
  await hashLarge(fd, { onProgress: (bytes) => told.push(bytes) });
  assert.deepEqual(told, [CHUNK_BYTES, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 5]);
});

test('what is appended while a large file is hashed is hashed as well, and counted', async (t) => {
  const { path, fd } = fileOf(t, Buffer.alloc(3 * CHUNK_BYTES));
  let isAppended = false;
  const { bytes } = await hashLarge(fd, {
    onProgress() {
      if (!isAppended) appendFileSync(path, 'more');
      isAppended = true;
    },
  });
  assert.equal(bytes, 3 * CHUNK_BYTES + 4);
});

test('an abort ends the hashing with its reason, before or in the middle, and the descriptor is free', async (t) => {
  const reason = new Error('stop');
  const { path } = fileOf(t, Buffer.alloc(4 * CHUNK_BYTES));
  await assert.rejects(hashAndClose(path, AbortSignal.abort(reason)), reason);
  const abort = new AbortController();
  let chunks = 0;
  const onProgress = () => {
    chunks += 1;
    abort.abort(reason);
  };
  await assert.rejects(hashAndClose(path, abort.signal, onProgress), reason);
  assert.equal(chunks, 1);
});

async function hashAndClose(path: string, signal: AbortSignal, onProgress = () => {}): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    await hashLarge(fd, { signal, onProgress });
  } finally {
    closeSync(fd);
  }
}

test('the event loop turns while a large file is hashed', async (t) => {
  const { fd } = fileOf(t, Buffer.alloc(16 * CHUNK_BYTES));
  let turns = 0;
  const count = () => {
    turns += 1;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  await hashLarge(fd);
  clearImmediate(immediate);
  assert.ok(turns >= 16, `${turns} turns`);
});

test('what cannot be read is an error of node:fs', async (t) => {
  const fd = openSync(tempDir(t), 'r');
  t.after(() => closeSync(fd));
  assert.throws(() => hashSmall(fd, 10), { code: 'EISDIR' });
  await assert.rejects(hashLarge(fd), { code: 'EISDIR' });
  await assert.rejects(hashLarge(99_999), { code: 'EBADF' });
});
