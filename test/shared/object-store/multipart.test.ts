import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type Source, StreamSource } from '../../../shared/object-store/content.ts';
import { type PartsOptions, SourceFailure, sendParts } from '../../../shared/object-store/multipart.ts';
import { partBytesAt } from '../../../shared/object-store/part-sizes.ts';
import { Notes } from './lab.ts';

const FIRST = 16;

/** A server of parts, in memory, that takes a while for each. */
class Parts {
  readonly integrity = 'md5';
  readonly arrived = new Map<number, Buffer>();
  readonly memories = new Set<ArrayBufferLike>();
  underWayBytes = 0;
  mostUnderWayBytes = 0;
  mostUnderWay = 0;
  #underWay = 0;

  putPart: PartsOptions['store']['putPart'] = async (_upload, number, body) => {
    this.memories.add(body.buffer);
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.#underWay);
    this.underWayBytes += body.length;
    this.mostUnderWayBytes = Math.max(this.mostUnderWayBytes, this.underWayBytes);
    await new Promise(setImmediate);
    this.arrived.set(number, Buffer.from(body));
    this.underWayBytes -= body.length;
    this.#underWay -= 1;
    return `etag ${number}`;
  };
}

async function* chunksOf(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

function sendAll(store: PartsOptions['store'], source: Source, more: Partial<PartsOptions> = {}) {
  return sendParts({
    store,
    upload: { bucket: 'b', key: 'k', uploadId: 'u' },
    source,
    partBytes: FIRST,
    growing: false,
    partsInFlight: 3,
    known: new Map(),
    recorder: new Notes(),
    signal: new AbortController().signal,
    ...more,
  });
}

const signal = new AbortController().signal;

test('parts are sent several at a time, from as many buffers and one, and come out in order', async () => {
  const bytes = randomBytes(50 * FIRST + 3);
  const store = new Parts();
  const { identity, parts } = await sendAll(store, new StreamSource(chunksOf(bytes), signal));
  assert.equal(store.mostUnderWay, 3);
  assert.ok(store.memories.size <= 4);
  assert.deepEqual(
    parts.map(({ number, etag }) => [number, etag]),
    Array.from({ length: 51 }, (_, index) => [index + 1, `etag ${index + 1}`]),
  );
  assert.equal(identity.sha256, createHash('sha256').update(bytes).digest('hex'));
  const arrived = parts.map(({ number }) => store.arrived.get(number) ?? Buffer.alloc(0));
  assert.ok(bytes.equals(Buffer.concat(arrived)));
});

test('parts that grow are fewer at a time, so that it stays the same memory', async () => {
  const sizes = Array.from({ length: 3_100 }, (_, index) => partBytesAt(index + 1, FIRST, true));
  const bytes = randomBytes(sizes.reduce((sum, size) => sum + size, 0));
  const store = new Parts();
  await sendAll(store, new StreamSource(chunksOf(bytes), signal), { growing: true });
  assert.deepEqual(
    [...store.arrived].sort(([a], [b]) => a - b).map(([, part]) => part.length),
    sizes,
  );
  // The eightfold size of the last ones alone is more than four of the first.
  assert.ok(store.mostUnderWayBytes <= 8 * FIRST);
});

test('after a part has failed nothing more is read, and what is under way is waited for', async () => {
  const store = new Parts();
  const refused = new Error('refused');
  const { putPart } = store;
  store.putPart = (upload, number, ...rest) =>
    number === 5 ? Promise.reject(refused) : putPart(upload, number, ...rest);
  let read = 0;
  async function* counted() {
    for (; ; read++) yield Buffer.alloc(FIRST);
  }
  const notes = new Notes();
  const sending = sendAll(store, new StreamSource(counted(), signal), { recorder: notes });
  assert.equal(await sending.catch((error: unknown) => error), refused);
  assert.ok(read < 5 + 3 + 1);
  assert.equal(store.underWayBytes, 0);
  assert.deepEqual(
    notes.said.toSorted(),
    [...store.arrived.keys()].map((number) => `part ${number}`).toSorted(),
  );
});

test('a part that cannot be recorded ends it', async () => {
  const full = new Error('the database is full');
  const recorder = new Notes();
  recorder.part = () => {
    throw full;
  };
  const sending = sendAll(new Parts(), new StreamSource(chunksOf(randomBytes(1000)), signal), { recorder });
  assert.equal(await sending.catch((error: unknown) => error), full);
});

test('the failure of the source is told from that of the server', async () => {
  const corrupt = new Error('corrupt');
  async function* broken() {
    yield Buffer.alloc(3 * FIRST);
    throw corrupt;
  }
  const error = await sendAll(new Parts(), new StreamSource(broken(), signal)).catch(
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof SourceFailure);
  assert.equal(error.cause, corrupt);
});

test('a content of more than 10,000 parts is refused before it is complete', async () => {
  const bytes = Buffer.alloc(10_000 * FIRST + 1);
  const sending = sendAll(new Parts(), new StreamSource(chunksOf(bytes), signal));
  const error = await sending.catch((caught: unknown) => caught);
  assert.ok(error instanceof SourceFailure);
  assert.match(String(error.cause), /more than 10000 parts/);
});
