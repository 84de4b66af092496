import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { type TestContext, test } from 'node:test';
import { digestOf } from '../../../../shared/object-store/digest.ts';
import { failureOf } from '../../../../shared/object-store/failure.ts';
import { connect } from '../lab.ts';

const signal = new AbortController().signal;
const place = { bucket: 'some-bucket', key: 'k' };
const bytes = Buffer.from('content');
const digest = digestOf(bytes, 'md5');
const etag = `"${digest.md5?.toString('hex')}"`;

/** A store at a server that answers so, and what was asked. */
async function answering(
  t: TestContext,
  answer: (response: ServerResponse, request: IncomingMessage) => void,
) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    request.resume().on('end', () => answer(response, request));
  });
  const connections: unknown[] = [];
  server.on('connection', (socket) => connections.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, connections, store: connect(t, url) };
}

const put = (store: ReturnType<typeof connect>, metadata = {}) =>
  store.put(place, bytes, digest, metadata, signal);

async function failureFrom(request: Promise<unknown>) {
  const failure = failureOf(
    await request.then(
      () => assert.fail('it succeeded'),
      (error: unknown) => error,
    ),
  );
  return failure ?? assert.fail();
}

test('one request follows the other on the same connection', async (t) => {
  const { asked, connections, store } = await answering(t, (response, { method }) =>
    response.writeHead(200, { etag, 'content-length': method === 'HEAD' ? bytes.length : 0 }).end(),
  );
  for (let count = 0; count < 20; count++) {
    assert.equal((await put(store)).etag, digest.md5?.toString('hex'));
    assert.equal((await store.head(place, signal))?.sizeBytes, bytes.length);
  }
  assert.equal(asked.length, 40);
  assert.equal(connections.length, 1);
});

test('a HEAD tells all that the answer says', async (t) => {
  const { asked, store } = await answering(t, (response) =>
    response
      .writeHead(200, {
        ...{ etag: 'bare', 'content-length': 12, 'x-amz-checksum-sha256': 'c3Vt' },
        ...{ 'x-amz-meta-sha256': 'abc', 'X-Amz-Meta-Other-Name': 'two  blanks' },
      })
      .end(),
  );
  assert.deepEqual(await store.head(place, signal), {
    sizeBytes: 12,
    etag: 'bare',
    checksum: { algorithm: 'SHA256', value: 'c3Vt' },
    metadata: { sha256: 'abc', 'other-name': 'two  blanks' },
  });
  assert.equal(asked.length, 1);
});

test('an answer of 200 with a body is read by the SDK, and nothing is sent again', async (t) => {
  const bodies: [body: string, fails: boolean][] = [
    ['<?xml version="1.0"?><PutObjectResult/>', false],
    ['<?xml version="1.0"?><Error><Code>InternalError</Code></Error>', true],
  ];
  for (const [body, fails] of bodies) {
    // Without a length: in chunks.
    const { asked, store } = await answering(t, (response) => {
      response.writeHead(200, { etag }).write(body.slice(0, 9));
      response.end(body.slice(9));
    });
    if (fails) assert.deepEqual((await failureFrom(put(store))).code, 'InternalError');
    else assert.equal((await put(store)).etag, digest.md5?.toString('hex'));
    assert.equal(asked.length, 1);
  }
});

test('an answer to HEAD without a size does not come from an object store', async (t) => {
  const { asked, store } = await answering(t, (response) => {
    response.writeHead(200, { etag, 'transfer-encoding': 'chunked' }).end();
  });
  assert.equal((await failureFrom(store.head(place, signal))).code, 'store.reply');
  assert.equal(asked.length, 1);
});

test('the time of the server is learned from refusals and from successes, and requests are signed by it', async (t) => {
  let aheadMs = 3_600_000;
  let isRefused = true;
  const { asked, store } = await answering(t, (response) => {
    const date = new Date(Date.now() + aheadMs).toUTCString();
    if (!isRefused) return void response.writeHead(200, { etag, date, 'content-length': 0 }).end();
    response.writeHead(403, { date });
    response.end('<Error><Code>RequestTimeTooSkewed</Code><Message>Said so.</Message></Error>');
  });
  const aheadOf = (request: IncomingMessage | undefined): number => {
    const [day, time] = String(request?.headers['x-amz-date']).replace('Z', '').split('T');
    const iso = `${day?.replace(/(....)(..)/, '$1-$2-')}T${time?.replace(/(..)(..)/, '$1:$2:')}Z`;
    return Date.parse(iso) - Date.now();
  };
  assert.equal((await failureFrom(put(store))).code, 'RequestTimeTooSkewed');
  isRefused = false;
  await put(store);
  aheadMs = 0;
  await put(store);
  await put(store);
  const [, afterRefusal, , afterSuccess] = asked.map(aheadOf);
  assert.ok(Math.abs((afterRefusal ?? 0) - 3_600_000) < 60_000, String(afterRefusal));
  assert.ok(Math.abs(afterSuccess ?? Number.NaN) < 60_000, String(afterSuccess));
});

test('a server that does not finish the handshake of TLS is left after the time to connect', async (t) => {
  const server = createTcp((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const failure = await failureFrom(put(connect(t, url, undefined, { connectMs: 100 })));
  assert.deepEqual([failure.kind, failure.isOutage, failure.code], ['transient', true, 'TimeoutError']);
});

test('a request that is stopped while its answer comes, or before it begins, is told from a failure', async (t) => {
  const stop = new AbortController();
  const { store } = await answering(t, (response) => {
    response.writeHead(500, { 'content-length': 100 }).write('<Error>');
    setImmediate(() => stop.abort());
  });
  const stopped = () => store.put(place, bytes, digest, {}, stop.signal);
  await assert.rejects(stopped());
  assert.ok(stop.signal.aborted);
  assert.equal((await failureFrom(stopped())).kind, 'aborted');
});

test('a store that is closed has no connection left', async (t) => {
  const { connections, store } = await answering(t, (response) =>
    response.writeHead(200, { etag, 'content-length': 0 }).end(),
  );
  await put(store);
  const [connection] = connections as import('node:net').Socket[];
  assert.ok(connection !== undefined);
  const closed = once(connection, 'close');
  store.close();
  await closed;
});
