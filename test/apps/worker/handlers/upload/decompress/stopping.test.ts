import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { closeSync, ftruncateSync, openSync, readdirSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { openCompressed } from '../../../../../../apps/worker/handlers/upload/decompress/open-compressed.ts';
import { tempDir } from '../../../../../support/temp.ts';
import { BZIP2, fileOf, GENEROUS, NEVER, openContent, read, TEXT, XZ } from './sample.ts';
import { zipOf } from './zip-archive.ts';

const zeros = Buffer.alloc(20 * 1024 * 1024);
const FILES: readonly (readonly [string, Buffer])[] = [
  ['none', zeros],
  ['gzip', gzipSync(zeros)],
  ['zstd', zstdCompressSync(zeros)],
  ['bzip2', BZIP2.zeros],
  ['xz', Buffer.concat(Array(20).fill(XZ.zeros))],
  ['zip', zipOf([{ name: 'a', content: zeros }])],
];

for (const [format, content] of FILES) {
  test(`${format}: an aborted reading ends with the signal's reason`, async (t) => {
    const opened = await openContent(t, content);
    assert.equal(opened.format, format);
    const reason = new Error('enough');
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of opened.members[0]?.open(controller.signal) ?? []) controller.abort(reason);
    })();
    await assert.rejects(reading, (error) => error === reason);
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
    const late = opened.members[0]?.open(controller.signal) ?? assert.fail();
    await assert.rejects(late[Symbol.asyncIterator]().next(), (error) => error === reason);
  });

  test(`${format}: a consumer that leaves early leaves nothing behind`, async (t) => {
    const opened = await openContent(t, content);
    const { signal } = new AbortController();
    const streams = () => process.getActiveResourcesInfo().filter((name) => /zlib/i.test(name)).length;
    const before = streams();
    for (let time = 0; time < 20; time++) {
      for await (const chunk of opened.members[0]?.open(signal) ?? []) {
        assert.ok(chunk.length > 0);
        break;
      }
    }
    assert.equal(streams(), before);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
    assert.ok(readdirSync('/proc/self/task').length < 60);
  });

  test(`${format}: an error of the system comes through as it is`, async (t) => {
    const path = join(tempDir(t), 'file');
    writeFileSync(path, content);
    const fd = openSync(path, 'r');
    const opened = await openCompressed(fd, content.length, GENEROUS);
    closeSync(fd);
    await assert.rejects(read(opened.members[0]), { code: 'EBADF' });
  });

  test(`${format}: a file that is cut while it is read is not blamed on its format`, async (t) => {
    const fd = fileOf(t, content);
    const opened = await openCompressed(fd, content.length, GENEROUS);
    ftruncateSync(fd, 40);
    // A zip has its member's header within these bytes, and its content beyond.
    await assert.rejects(read(opened.members[0]), { code: 'source.shrank', retryable: true });
  });
}

test('the descriptor stays open, and its position where it was', async (t) => {
  const content = gzipSync(TEXT);
  const fd = fileOf(t, content);
  const first = Buffer.alloc(1);
  readSync(fd, first, 0, 1, null);
  const opened = await openCompressed(fd, content.length, GENEROUS);
  for await (const _ of opened.members[0]?.open(NEVER) ?? []) break;
  readSync(fd, first, 0, 1, null);
  assert.equal(first[0], content[1]);
});
