import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { abandon } from '../../../shared/object-store/abandon.ts';
import { abortMultipart, findOrphans } from '../../../shared/object-store/abort.ts';
import type { Content } from '../../../shared/object-store/content.ts';
import { failureOf } from '../../../shared/object-store/failure.ts';
import { type FaultProxy, startFaultProxy } from '../../support/object-store/fault-proxy.ts';
import {
  internalErrorAfterBody,
  resetBeforeReply,
  resetMidBody,
  stallMidBody,
  status,
} from '../../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../../support/object-store/swift.ts';
import { connect, fileOf, Notes, PART, sendWith } from './lab.ts';

const swift = swiftOfFile();
const signal = new AbortController().signal;
const key = 'large';
const SIZE = 4 * PART + 1000;

async function start(t: TestContext) {
  const proxy = await startFaultProxy(t, swift().url);
  const bytes = randomBytes(SIZE);
  const { fd, path } = fileOf(t, bytes);
  return {
    proxy,
    store: connect(t, proxy.url, swift()),
    bucket: await swift().makeBucket(),
    bytes,
    path,
    file: { type: 'file' as const, fd, sizeBytes: SIZE },
  };
}

/** The numbers of the parts that were sent since the requests were counted anew. */
const partsSent = (proxy: FaultProxy): number[] =>
  proxy.requests
    .filter(({ method }) => method === 'PUT')
    .map(({ path }) => Number(/partNumber=(\d+)/.exec(path)?.[1]))
    .sort();

const kindOf = (error: unknown) => failureOf(error)?.kind;

const noSuchUpload = status(404, '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>');

function streamAndFile(bytes: Buffer, file: Content): Content[] {
  const stream: Content = {
    type: 'stream',
    async *open() {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    },
  };
  return [file, stream];
}

test('an upload that was cut off sends only the parts that are missing', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  for (const content of streamAndFile(bytes, file)) {
    const notes = new Notes();
    proxy.fail({ method: 'PUT', path: /partNumber=4/, times: 1 }, resetMidBody(100_000));
    const first = sendWith({ store, bucket, key: content.type, content, recorder: notes });
    assert.equal(kindOf(await first.catch((error: unknown) => error)), 'transient');
    const before = notes.open?.parts.map(({ number }) => number) ?? [];
    assert.ok(before.includes(1) && before.includes(2) && !before.includes(4));
    await assert.rejects(swift().read(bucket, content.type), 'nothing is visible');

    proxy.requests.length = 0;
    const sent = await sendWith({
      store,
      bucket,
      key: content.type,
      content,
      former: notes.former,
      recorder: notes,
    });
    assert.deepEqual(
      partsSent(proxy),
      [1, 2, 3, 4, 5].filter((number) => !before.includes(number)),
    );
    assert.equal(sent.parts, 5);
    assert.ok(bytes.equals(await swift().read(bucket, content.type)));
    assert.equal(notes.open, undefined);
    assert.deepEqual(await swift().uploads(bucket), []);
  }
});

test('parts that were recorded and are not on the server are sent again', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  const notes = new Notes();
  proxy.fail(
    { method: 'PUT', path: /partNumber=1/, times: 1 },
    status(200, '', { etag: '"0123456789abcdef"' }),
  );
  proxy.fail({ method: 'POST', path: /uploadId=/, times: 1 }, status(503));
  const first = sendWith({ store, bucket, key, content: file, recorder: notes });
  assert.equal(kindOf(await first.catch((error: unknown) => error)), 'transient');
  assert.equal(notes.open?.parts.length, 5);
  proxy.requests.length = 0;
  await sendWith({ store, bucket, key, content: file, former: notes.former, recorder: notes });
  assert.deepEqual(partsSent(proxy), [1]);
  assert.ok(bytes.equals(await swift().read(bucket, key)));
});

test('a key that may not list parts takes up what is recorded', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  const notes = new Notes();
  proxy.fail({ method: 'PUT', path: /partNumber=4/, times: 1 }, status(503));
  await assert.rejects(sendWith({ store, bucket, key, content: file, recorder: notes, partsInFlight: 1 }));
  proxy.fail({ method: 'GET' }, status(403, '<Error><Code>AccessDenied</Code></Error>'));
  proxy.requests.length = 0;
  await sendWith({ store, bucket, key, content: file, former: notes.former, recorder: notes });
  assert.deepEqual(partsSent(proxy), [4, 5]);
  assert.ok(bytes.equals(await swift().read(bucket, key)));
});

test(
  'a server that stalls in the middle of a part is left, and the part is sent again',
  needsSwift,
  async (t) => {
    const { proxy, bucket, bytes, file } = await start(t);
    const store = connect(t, proxy.url, swift(), { idleMs: 500 });
    const notes = new Notes();
    proxy.fail({ method: 'PUT', path: /partNumber=4/, times: 1 }, stallMidBody(100_000));
    const first = sendWith({ store, bucket, key, content: file, recorder: notes, partsInFlight: 1 });
    const failure = failureOf(await first.catch((error: unknown) => error));
    assert.deepEqual([failure?.kind, failure?.isOutage], ['transient', true]);
    await sendWith({ store, bucket, key, content: file, former: notes.former, recorder: notes });
    assert.ok(bytes.equals(await swift().read(bucket, key)));
  },
);

test('a file that has changed is never put together of old parts and new ones', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, path, file } = await start(t);
  const notes = new Notes();
  proxy.fail({ method: 'POST', path: /uploadId=/, times: 1 }, status(500));
  await assert.rejects(sendWith({ store, bucket, key, content: file, recorder: notes }));
  const changed = Buffer.from(bytes);
  changed[PART + 5] = (bytes[PART + 5] ?? 0) ^ 1;
  writeFileSync(path, changed);
  proxy.requests.length = 0;
  const sent = await sendWith({ store, bucket, key, content: file, former: notes.former, recorder: notes });
  assert.deepEqual(partsSent(proxy), [2]);
  assert.ok(changed.equals(await swift().read(bucket, key)));
  assert.equal(sent.wasThere, false);
});

test('a file that has become small ends its upload and is put whole', needsSwift, async (t) => {
  const { proxy, store, bucket, file } = await start(t);
  const notes = new Notes();
  proxy.fail({ method: 'POST', path: /uploadId=/, times: 1 }, status(500));
  await assert.rejects(sendWith({ store, bucket, key, content: file, recorder: notes }));
  const content: Content = { type: 'file', fd: file.fd, sizeBytes: 1000 };
  const sent = await sendWith({ store, bucket, key, content, former: notes.former, recorder: notes });
  assert.equal(sent.parts, 0);
  assert.equal(notes.open, undefined);
  assert.deepEqual(await swift().uploads(bucket), []);
});

test('an object whose last answer was lost is found, and nothing is sent again', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  // Amazon forgets an upload that is completed, and Swift knows it.
  for (const [fault, isForgotten] of [
    [resetBeforeReply, true],
    [internalErrorAfterBody, true],
    [resetBeforeReply, false],
  ] as const) {
    for (const content of streamAndFile(bytes, file)) {
      const key = `${content.type}-${fault === resetBeforeReply}-${isForgotten}`;
      const notes = new Notes();
      proxy.fail({ method: 'POST', path: /uploadId=/, times: 1 }, fault);
      const first = sendWith({ store, bucket, key, content, recorder: notes });
      assert.equal(kindOf(await first.catch((error: unknown) => error)), 'transient');
      assert.notEqual(notes.open, undefined);
      proxy.requests.length = 0;
      if (isForgotten) proxy.fail({ method: 'GET', path: /uploadId=/, times: 1 }, noSuchUpload);
      const sent = await sendWith({ store, bucket, key, content, former: notes.former, recorder: notes });
      assert.deepEqual(partsSent(proxy), []);
      assert.equal(sent.wasThere, true);
      assert.equal(sent.parts, 5);
      assert.equal(notes.open, undefined);
      assert.ok(bytes.equals(await swift().read(bucket, key)));
    }
  }
});

test(
  'an object whose last answer was lost stays whole while a changed file takes its place',
  needsSwift,
  async (t) => {
    const { proxy, store, bucket, bytes, path, file } = await start(t);
    const notes = new Notes();
    proxy.fail({ method: 'POST', path: /uploadId=/, times: 1 }, resetBeforeReply);
    await assert.rejects(sendWith({ store, bucket, key, content: file, recorder: notes }));
    const { former } = notes;
    assert.ok(former !== undefined);
    const changed = Buffer.from(bytes);
    changed[PART + 5] = (bytes[PART + 5] ?? 0) ^ 1;
    writeFileSync(path, changed);
    proxy.requests.length = 0;
    const pause = proxy.pauseAt({ method: 'POST', path: /uploadId=/ });
    const sending = sendWith({ store, bucket, key, content: file, former, recorder: notes });
    await pause.reached;
    assert.ok(bytes.equals(await swift().read(bucket, key)));
    pause.release();
    assert.equal((await sending).wasThere, false);
    assert.deepEqual(partsSent(proxy), [1, 2, 3, 4, 5]);
    assert.ok(!proxy.requests.some(({ method, path }) => method === 'PUT' && path.includes(former.uploadId)));
    assert.ok(changed.equals(await swift().read(bucket, key)));
  },
);

test('abandoning an upload that was completed leaves its object whole', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  const notes = new Notes();
  proxy.fail({ method: 'POST', path: /uploadId=/, times: 1 }, resetBeforeReply);
  await assert.rejects(sendWith({ store, bucket, key, content: file, recorder: notes }));
  const { former } = notes;
  assert.ok(former !== undefined);
  proxy.requests.length = 0;
  await abandon(store, { bucket, key }, former, signal);
  assert.ok(!proxy.requests.some(({ method }) => method === 'DELETE'));
  // Whoever does not know of the parts gets the object's own protection.
  await abortMultipart(store, { bucket, key, uploadId: former.uploadId }, signal);
  assert.ok(bytes.equals(await swift().read(bucket, key)));
});

test('abandoning an upload that was not completed frees its parts', needsSwift, async (t) => {
  const { proxy, store, bucket, file } = await start(t);
  const notes = new Notes();
  proxy.fail({ method: 'POST', path: /uploadId=/, times: 1 }, status(503));
  await assert.rejects(sendWith({ store, bucket, key, content: file, recorder: notes }));
  const { former } = notes;
  assert.ok(former !== undefined);
  for (let times = 0; times < 2; times++) await abandon(store, { bucket, key }, former, signal);
  assert.deepEqual(await swift().uploads(bucket), []);
});

test('a key that may only write sends all the same', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  proxy.fail({ method: 'HEAD' }, status(403));
  const small: Content = { type: 'bytes', bytes: Buffer.from('small') };
  for (const content of [file, small])
    assert.equal(
      (await sendWith({ store, bucket, key: content.type, content, lookFirst: true })).wasThere,
      false,
    );
  assert.ok(bytes.equals(await swift().read(bucket, 'file')));
});

test('a completion that a proxy asked for twice is a success', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  proxy.fail({ method: 'POST', path: /uploadId=/, times: 1 }, async (exchange) => {
    const answer = await exchange.send();
    for await (const _ of answer);
    exchange.say(404, '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>');
  });
  const sent = await sendWith({ store, bucket, key, content: file });
  assert.equal(sent.wasThere, false);
  assert.ok(bytes.equals(await swift().read(bucket, key)));
});

test('an upload that somebody aborted is begun anew', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  const notes = new Notes();
  proxy.fail({ method: 'PUT', path: /partNumber=4/, times: 1 }, status(503));
  await assert.rejects(sendWith({ store, bucket, key, content: file, recorder: notes }));
  const { former } = notes;
  assert.ok(former !== undefined);
  await abortMultipart(store, { bucket, key, uploadId: former.uploadId }, signal);
  await abortMultipart(store, { bucket, key, uploadId: former.uploadId }, signal);
  notes.said.length = 0;
  await sendWith({ store, bucket, key, content: file, former, recorder: notes });
  assert.deepEqual(notes.said.slice(0, 3), ['ended', 'asking', 'began']);
  assert.ok(bytes.equals(await swift().read(bucket, key)));
});

test(
  'an upload that is aborted under way is forgotten, and the next attempt begins anew',
  needsSwift,
  async (t) => {
    const { proxy, store, bucket, bytes, file } = await start(t);
    const notes = new Notes();
    proxy.fail({ method: 'PUT', path: /partNumber=3/, times: 1 }, async (exchange) => {
      await abortMultipart(store, { bucket, key, uploadId: notes.former?.uploadId ?? '' }, signal);
      // As the server would, but for the race of its answer with the rest of the body.
      await noSuchUpload(exchange);
    });
    const first = sendWith({ store, bucket, key, content: file, recorder: notes, partsInFlight: 1 });
    assert.equal(kindOf(await first.catch((error: unknown) => error)), 'start-again');
    assert.equal(notes.former, undefined);
    await sendWith({ store, bucket, key, content: file, recorder: notes });
    assert.ok(bytes.equals(await swift().read(bucket, key)));
    assert.deepEqual(await swift().uploads(bucket), []);
  },
);

test('stopping throws the reason and keeps what has arrived for the next time', needsSwift, async (t) => {
  const { proxy, store, bucket, bytes, file } = await start(t);
  const notes = new Notes();
  const stop = new AbortController();
  const pause = proxy.pauseAt({ method: 'PUT', path: /partNumber=3/ });
  const sending = sendWith({
    store,
    bucket,
    key,
    content: file,
    recorder: notes,
    signal: stop.signal,
    partsInFlight: 1,
  });
  await pause.reached;
  const reason = new Error('stop');
  stop.abort(reason);
  assert.equal(await sending.catch((error: unknown) => error), reason);
  pause.release();
  proxy.requests.length = 0;
  await sendWith({ store, bucket, key, content: file, former: notes.former, recorder: notes });
  assert.deepEqual(partsSent(proxy), [3, 4, 5]);
  assert.ok(bytes.equals(await swift().read(bucket, key)));
});

test(
  'an upload whose id was never recorded is found under its key, and under no other',
  needsSwift,
  async (t) => {
    const { proxy, store, bucket, file } = await start(t);
    const since = Date.now();
    proxy.fail({ method: 'POST', path: /large\?uploads/, times: 1 }, resetBeforeReply);
    const notes = new Notes();
    await assert.rejects(sendWith({ store, bucket, key, content: file, recorder: notes }));
    assert.deepEqual(notes.said, ['asking']);
    await store.createMultipart({ bucket, key: `${key}r` }, {}, signal);
    const found = await findOrphans(store, { bucket, key }, since, signal);
    const there = await swift().uploads(bucket);
    assert.deepEqual(
      found,
      there.filter((upload) => upload.key === key).map(({ uploadId }) => uploadId),
    );
    assert.equal(found.length, 1);
    assert.deepEqual(await findOrphans(store, { bucket, key }, since + 3_600_000, signal), []);
    for (const uploadId of found) await abortMultipart(store, { bucket, key, uploadId }, signal);
    assert.deepEqual(await findOrphans(store, { bucket, key }, since, signal), []);
  },
);

test('what is begun is recorded before anything depends on it', needsSwift, async (t) => {
  const { proxy, store, bucket, file } = await start(t);
  const notes = new Notes();
  const full = new Error('the database is full');
  notes.asking = () => {
    throw full;
  };
  const sending = sendWith({ store, bucket, key, content: file, recorder: notes });
  assert.equal(await sending.catch((error: unknown) => error), full);
  assert.deepEqual(proxy.requests, []);
});
