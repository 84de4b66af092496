import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  ContinuedSource,
  FileSource,
  type Source,
  StreamSource,
} from '../../../shared/object-store/content.ts';
import { fileOf, MIB } from './lab.ts';

const signal = new AbortController().signal;

async function* chunksOf(bytes: Buffer, sizes: number[]) {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** Fills buffers of one size to the end; what was told and what was filled are the same. */
async function drain(source: Source, bufferBytes: number): Promise<{ bytes: Buffer; fills: number[] }> {
  const pieces: Buffer[] = [];
  const told: Buffer[] = [];
  const fills: number[] = [];
  for (;;) {
    const buffer = Buffer.alloc(bufferBytes);
    const filled = await source.fill(buffer, (chunk) => void told.push(Buffer.from(chunk)));
    fills.push(filled);
    pieces.push(buffer.subarray(0, filled));
    if (filled < bufferBytes) break;
  }
  const bytes = Buffer.concat(pieces);
  assert.ok(bytes.equals(Buffer.concat(told)));
  return { bytes, fills };
}

test('every source fills buffers to the last byte, whatever its chunks', async (t) => {
  const bytes = randomBytes(3 * MIB + 7);
  const sources: (() => Source)[] = [
    () => new FileSource(fileOf(t, bytes).fd, bytes.length, signal),
    () => new StreamSource(chunksOf(bytes, [1, 70_000, 0, 2 * MIB]), signal),
    () =>
      new ContinuedSource(
        bytes.subarray(0, MIB + 3),
        new StreamSource(chunksOf(bytes.subarray(MIB + 3), [65_536]), signal),
      ),
  ];
  for (const open of sources)
    for (const size of [MIB, 1_000_003, 4 * MIB]) {
      const { bytes: got, fills } = await drain(open(), size);
      assert.ok(got.equals(bytes));
      const whole = Math.floor(bytes.length / size);
      assert.deepEqual(fills, [...Array<number>(whole).fill(size), bytes.length - whole * size]);
    }
});

test('at the end there is nothing, once more', async (t) => {
  for (const source of [
    new FileSource(fileOf(t, Buffer.from('four')).fd, 4, signal),
    new StreamSource(chunksOf(Buffer.from('four'), [4]), signal),
  ]) {
    const buffer = Buffer.alloc(4);
    assert.equal(await source.fill(buffer, () => {}), 4);
    assert.equal(await source.fill(buffer, () => {}), 0);
  }
});

test('what was appended to a file since is not read', async (t) => {
  const { bytes } = await drain(new FileSource(fileOf(t, Buffer.from('four and more')).fd, 4, signal), 100);
  assert.equal(bytes.toString(), 'four');
});

test('a stream that is closed before its end is told', async () => {
  let ended = false;
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(10);
    } finally {
      ended = true;
    }
  }
  const source = new StreamSource(endless(), signal);
  await source.fill(Buffer.alloc(5), () => {});
  await source.close();
  assert.equal(ended, true);
});

test('nothing is read after an abort', async (t) => {
  const reason = new Error('stop');
  const aborted = AbortSignal.abort(reason);
  const { fd } = fileOf(t, Buffer.from('content'));
  for (const source of [
    new FileSource(fd, 7, aborted),
    new StreamSource(chunksOf(Buffer.from('content'), [7]), aborted),
  ])
    assert.equal(await source.fill(Buffer.alloc(7), () => {}).catch((error: unknown) => error), reason);
});
