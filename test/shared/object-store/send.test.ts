import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../../shared/object-store/store.ts';
import { check } from '../../../shared/object-store/verify.ts';
import { startFaultProxy } from '../../support/object-store/fault-proxy.ts';
import { needsSwift, swiftOfFile } from '../../support/object-store/swift.ts';
import { connect, fileOf, Notes, PART, sendWith } from './lab.ts';

const swift = swiftOfFile();
const signal = new AbortController().signal;
const hex = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');

/** As S3 makes it of parts. */
function etagOfParts(bytes: Buffer, partBytes: number): string {
  const sums: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += partBytes)
    sums.push(
      createHash('md5')
        .update(bytes.subarray(at, at + partBytes))
        .digest(),
    );
  return `${hex('md5', Buffer.concat(sums))}-${sums.length}`;
}

const streamOf = (bytes: Buffer, chunkBytes = 100_000) => ({
  type: 'stream' as const,
  async *open() {
    // One buffer for all chunks: a chunk is only valid until the next is asked for.
    const chunk = Buffer.alloc(chunkBytes);
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const length = bytes.copy(chunk, 0, at);
      yield chunk.subarray(0, length);
    }
  },
});

async function assertStored(store: ObjectStore, bucket: string, key: string, bytes: Buffer) {
  assert.ok(bytes.equals(await swift().read(bucket, key)));
  assert.deepEqual(await swift().uploads(bucket), []);
  const remote = await store.head({ bucket, key }, signal);
  assert.equal(remote?.sizeBytes, bytes.length);
}

test('small contents of every kind are put whole, with their sums', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  const bucket = await swift().makeBucket();
  for (const size of [0, 1, 100_000, 300_001]) {
    const bytes = randomBytes(size);
    const contents = [
      { type: 'bytes' as const, bytes },
      { type: 'file' as const, fd: fileOf(t, bytes).fd, sizeBytes: size },
      streamOf(bytes),
    ];
    for (const content of contents) {
      const key = `${content.type}-${size}`;
      const notes = new Notes();
      const sent = await sendWith({
        store,
        bucket,
        key,
        content,
        recorder: notes,
        metadata: { mtime: '12.5' },
      });
      assert.deepEqual(sent, {
        sizeBytes: size,
        etag: hex('md5', bytes),
        sha256: hex('sha256', bytes),
        md5: hex('md5', bytes),
        parts: 0,
        partBytes: undefined,
        checksum: undefined,
        wasThere: false,
      });
      assert.deepEqual(notes.said, []);
      await assertStored(store, bucket, key, bytes);
      const { Metadata } = await swift()
        .client()
        .send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      assert.deepEqual(Metadata, { mtime: '12.5', sha256: hex('sha256', bytes) });
    }
  }
});

test('large files and streams are put in parts, and nothing is left', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  const bucket = await swift().makeBucket();
  for (const size of [PART, 2 * PART, 2 * PART + 1]) {
    const bytes = randomBytes(size);
    const { fd } = fileOf(t, bytes);
    for (const content of [{ type: 'file' as const, fd, sizeBytes: size }, streamOf(bytes)]) {
      const key = `${content.type}-${size}`;
      const notes = new Notes();
      const sent = await sendWith({ store, bucket, key, content, recorder: notes, metadata: { mtime: '1' } });
      const parts = Math.ceil(size / PART);
      const etag = etagOfParts(bytes, PART);
      assert.deepEqual(sent, {
        sizeBytes: size,
        etag,
        sha256: hex('sha256', bytes),
        md5: undefined,
        parts,
        partBytes: PART,
        checksum: undefined,
        wasThere: false,
      });
      assert.deepEqual(notes.said.toSorted(), [
        'asking',
        'began',
        'ended',
        ...Array.from({ length: parts }, (_, index) => `part ${index + 1}`),
      ]);
      await assertStored(store, bucket, key, bytes);
      assert.deepEqual(await check(store, { bucket, key }, sent, signal), { is: 'same' });
    }
  }
});

test('keys of every kind arrive as they are', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  const bucket = await swift().makeBucket();
  const keys = [
    'with a space',
    'ünïcödé/文件/🚢.txt',
    'a+b',
    '100%',
    '%2F%20',
    '.hidden/.file',
    'quotes\'"<>&',
    'a=b&c=d?e#f',
    'tab\tand\nline',
    'twice//slashed/',
    '*()!~:@$,;|\\^`{}[]',
    `${'long/'.repeat(200)}${'k'.repeat(24)}`,
    `${'ü'.repeat(512)}`,
  ];
  for (const [index, key] of keys.entries()) {
    await sendWith({ store, bucket, key, content: { type: 'bytes', bytes: Buffer.from(`${index}`) } });
    assert.equal((await store.head({ bucket, key }, signal))?.sizeBytes, `${index}`.length);
  }
  assert.deepEqual((await swift().objects(bucket)).map(({ key }) => key).toSorted(), keys.toSorted());
});

test('a large object has a key of every kind as well', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  const bucket = await swift().makeBucket();
  const bytes = randomBytes(PART + 1);
  const key = 'dir with space/ü+%41&x=1.bin';
  await sendWith({ store, bucket, key, content: streamOf(bytes) });
  await assertStored(store, bucket, key, bytes);
});

test('a content that is there already is not sent twice, whole or in parts', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const store = connect(t, proxy.url, swift());
  const bucket = await swift().makeBucket();
  for (const size of [0, 1000, 2 * PART + 5]) {
    const bytes = randomBytes(size);
    const { fd } = fileOf(t, bytes);
    for (const content of [{ type: 'file' as const, fd, sizeBytes: size }, streamOf(bytes)]) {
      const key = `${content.type}-${size}`;
      const first = await sendWith({ store, bucket, key, content, lookFirst: true });
      proxy.requests.length = 0;
      const second = await sendWith({ store, bucket, key, content, lookFirst: true });
      assert.equal(first.wasThere, false);
      assert.deepEqual(second, { ...first, wasThere: true });
      assert.deepEqual(
        proxy.requests.map(({ method }) => method),
        ['HEAD'],
      );
    }
  }
});

test('another content under the key is replaced, also one of the same size', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  const bucket = await swift().makeBucket();
  for (const size of [1000, PART + 5]) {
    const key = `${size}`;
    for (const bytes of [randomBytes(size), randomBytes(size), randomBytes(size + 1)]) {
      const sent = await sendWith({ store, bucket, key, content: streamOf(bytes), lookFirst: true });
      assert.equal(sent.wasThere, false);
      await assertStored(store, bucket, key, bytes);
    }
  }
});

test('a stream that fails leaves no object and no upload, and its error goes on', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  const bucket = await swift().makeBucket();
  const corrupt = new Error('corrupt');
  for (const goodBytes of [0, 1000, PART + 1000, 3 * PART + 1]) {
    const notes = new Notes();
    const content = {
      type: 'stream' as const,
      async *open() {
        yield* streamOf(randomBytes(goodBytes)).open();
        throw corrupt;
      },
    };
    const sending = sendWith({ store, bucket, key: 'broken', content, recorder: notes });
    assert.equal(await sending.catch((error: unknown) => error), corrupt);
    assert.deepEqual(await swift().objects(bucket), []);
    assert.deepEqual(await swift().uploads(bucket), []);
    assert.equal(notes.open, undefined);
  }
});

test('a file that becomes shorter while it is sent leaves nothing', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  const bucket = await swift().makeBucket();
  for (const sizeBytes of [1000, 2 * PART]) {
    const { fd } = fileOf(t, randomBytes(sizeBytes - 1));
    const sending = sendWith({ store, bucket, key: 'short', content: { type: 'file', fd, sizeBytes } });
    await assert.rejects(sending, { code: 'upload.changed' });
  }
  assert.deepEqual(await swift().objects(bucket), []);
  assert.deepEqual(await swift().uploads(bucket), []);
});

test(
  'a file that cannot be read says so, and is not taken for a failure of the server',
  needsSwift,
  async (t) => {
    const store = connect(t, swift().url, swift());
    const bucket = await swift().makeBucket();
    const fd = openSync('/', 'r');
    t.after(() => closeSync(fd));
    for (const sizeBytes of [1000, 2 * PART]) {
      const sending = sendWith({ store, bucket, key: 'directory', content: { type: 'file', fd, sizeBytes } });
      await assert.rejects(sending, { code: 'upload.read' });
    }
    assert.deepEqual(await swift().uploads(bucket), []);
  },
);
