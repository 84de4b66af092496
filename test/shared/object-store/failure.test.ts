import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { EnvironmentError, LeaseLostError } from '../../../shared/errors.ts';
import { failureOf } from '../../../shared/object-store/failure.ts';
import type { ObjectStore } from '../../../shared/object-store/store.ts';
import { needsOpenssl, startTlsProxy } from '../../support/object-store/tls-proxy.ts';
import { connect, sendWith } from './lab.ts';

const signal = new AbortController().signal;
const place = { bucket: 'some-bucket', key: 'some/key' };
const xml = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>Said so.</Message></Error>`;

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that answers everything so. */
async function answering(
  t: TestContext,
  answer: (response: ServerResponse, request: IncomingMessage) => void,
) {
  const server = createHttp((request, response) => {
    request.resume();
    request.on('end', () => answer(response, request));
  });
  t.after(() => server.closeAllConnections());
  return `http://127.0.0.1:${await listen(t, server)}`;
}

const put = (store: ObjectStore) =>
  sendWith({ store, ...place, content: { type: 'bytes', bytes: Buffer.from('content') } });

async function failureFrom(request: Promise<unknown>) {
  const failure = failureOf(
    await request.then(
      () => assert.fail('it succeeded'),
      (error: unknown) => error,
    ),
  );
  assert.ok(failure !== undefined);
  return failure;
}

const ANSWERS: [status: number, body: string, kind: string, isOutage: boolean, code: string][] = [
  [503, xml('SlowDown'), 'throttled', false, 'SlowDown'],
  [429, xml('TooManyRequests'), 'throttled', false, 'TooManyRequests'],
  [429, '', 'throttled', false, 'http.429'],
  [500, xml('InternalError'), 'transient', true, 'InternalError'],
  [500, '', 'transient', true, 'http.500'],
  [503, '<html><body>down</body></html>', 'transient', true, 'http.503'],
  [504, '', 'transient', true, 'http.504'],
  [502, 'bad gateway', 'transient', true, 'http.502'],
  [400, xml('RequestTimeout'), 'transient', false, 'RequestTimeout'],
  [409, xml('OperationAborted'), 'transient', false, 'OperationAborted'],
  [400, xml('BadDigest'), 'reread', false, 'BadDigest'],
  [400, xml('XAmzContentSHA256Mismatch'), 'reread', false, 'XAmzContentSHA256Mismatch'],
  [404, xml('NoSuchUpload'), 'start-again', false, 'NoSuchUpload'],
  [400, xml('InvalidPart'), 'start-again', false, 'InvalidPart'],
  [403, xml('SignatureDoesNotMatch'), 'permanent', false, 'SignatureDoesNotMatch'],
  [403, xml('InvalidAccessKeyId'), 'permanent', false, 'InvalidAccessKeyId'],
  [403, xml('AccessDenied'), 'permanent', false, 'AccessDenied'],
  [403, '', 'permanent', false, 'http.403'],
  [400, xml('ExpiredToken'), 'permanent', false, 'ExpiredToken'],
  [403, xml('RequestTimeTooSkewed'), 'transient', false, 'RequestTimeTooSkewed'],
  [404, xml('NoSuchBucket'), 'no-bucket', false, 'NoSuchBucket'],
  [301, xml('PermanentRedirect'), 'permanent', false, 'PermanentRedirect'],
  [400, xml('EntityTooLarge'), 'permanent', false, 'EntityTooLarge'],
  [403, xml('QuotaExceeded'), 'permanent', false, 'QuotaExceeded'],
  [507, '', 'permanent', false, 'http.507'],
  [501, xml('NotImplemented'), 'permanent', false, 'NotImplemented'],
  [412, xml('PreconditionFailed'), 'permanent', false, 'PreconditionFailed'],
  [400, xml('NeverHeardOf'), 'permanent', false, 'NeverHeardOf'],
  [503, xml('NeverHeardOf'), 'transient', true, 'NeverHeardOf'],
  [200, '<html>log in</html>', 'transient', true, 'store.reply'],
];

for (const [status, body, kind, isOutage, code] of ANSWERS) {
  test(`${status} with ${body === '' ? 'nothing' : body.replace(/<[^>]*>/g, ' ').trim()} is ${kind}`, async (t) => {
    const store = connect(t, await answering(t, (response) => response.writeHead(status).end(body)));
    const failure = await failureFrom(put(store));
    assert.deepEqual({ ...failure, reason: '' }, { kind, isOutage, reason: '', code });
    assert.match(failure.reason, /^[^\n]{5,300}$/);
    assert.doesNotMatch(failure.reason, /undefined|\bat \/|nothing|nobody/);
  });
}

test('one answer is enough: nothing is sent a second time', async (t) => {
  let requests = 0;
  const url = await answering(t, (response) => {
    requests += 1;
    response.writeHead(503).end(xml('SlowDown'));
  });
  await failureFrom(put(connect(t, url)));
  assert.equal(requests, 1);
});

test('an error inside an answer of 200 is an error, also where a line follows it', async (t) => {
  for (const body of [xml('InternalError'), `${xml('InternalError')}\n`, '']) {
    const url = await answering(t, (response) => response.writeHead(200).end(body));
    const parts = [{ number: 1, etag: 'e', digest: { sha256: Buffer.alloc(32), md5: undefined } }];
    const completing = connect(t, url).complete({ ...place, uploadId: 'u' }, parts, signal);
    const { kind, isOutage } = await failureFrom(completing);
    assert.deepEqual([kind, isOutage], ['transient', true]);
  }
});

test('an answer whose body is cut is transient', async (t) => {
  const url = await answering(t, (response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('<CompleteMultipartUploadResult>');
    setImmediate(() => response.socket?.resetAndDestroy());
  });
  const failure = await failureFrom(connect(t, url).complete({ ...place, uploadId: 'u' }, [], signal));
  assert.deepEqual([failure.kind, failure.isOutage, failure.code], ['transient', false, 'ECONNRESET']);
});

test('an answer of 200 that is no XML is an outage', async (t) => {
  const url = await answering(t, (response) => response.writeHead(200).end('<html>log in<br></p>'));
  const failure = await failureFrom(connect(t, url).createMultipart(place, {}, signal));
  assert.deepEqual([failure.kind, failure.isOutage, failure.code], ['transient', true, 'store.reply']);
});

test('an ETag of other bytes is an error, and one that is no MD5 is not', async (t) => {
  const reply = { etag: '"00000000000000000000000000000000"' };
  const other = await answering(t, (response) => response.writeHead(200, reply).end());
  assert.deepEqual(await failureFrom(put(connect(t, other))), {
    kind: 'reread',
    isOutage: false,
    reason: 'the server has stored other bytes than were sent',
    code: 'store.other-bytes',
  });
  const encrypting = { ...reply, 'x-amz-server-side-encryption': 'aws:kms' };
  for (const headers of [encrypting, { etag: '"opaque"' }]) {
    const url = await answering(t, (response) => response.writeHead(200, headers).end());
    assert.equal((await put(connect(t, url))).wasThere, false);
  }
});

test('a HEAD that is refused has no code, and is judged by its status', async (t) => {
  for (const [status, kind] of [
    [403, 'permanent'],
    [503, 'transient'],
  ] as const) {
    const url = await answering(t, (response) => response.writeHead(status).end());
    const failure = await failureFrom(connect(t, url).head(place, signal));
    assert.deepEqual([failure.kind, failure.code], [kind, `http.${status}`]);
  }
});

test('a server that is not there is an outage', async (t) => {
  const server = createTcp();
  const port = await listen(t, server);
  server.close();
  await once(server, 'close');
  for (const host of ['127.0.0.1', 'localhost']) {
    const failure = await failureFrom(put(connect(t, `http://${host}:${port}`)));
    assert.deepEqual([failure.kind, failure.isOutage, failure.code], ['transient', true, 'ECONNREFUSED']);
    assert.match(failure.reason, new RegExp(`the connection is refused \\(ECONNREFUSED .*:${port}\\)`));
  }
});

test('a host that has no name is an outage', async (t) => {
  const failure = await failureFrom(put(connect(t, 'http://no-such-host.invalid')));
  assert.deepEqual([failure.kind, failure.isOutage], ['transient', true]);
  assert.match(failure.code, /^(ENOTFOUND|EAI_AGAIN)$/);
  assert.match(failure.reason, /no-such-host\.invalid/);
});

test('a connection that is cut is transient, wherever that happens', async (t) => {
  const endings = [
    (response: ServerResponse) => response.socket?.destroy(),
    (response: ServerResponse) => response.socket?.resetAndDestroy(),
    (response: ServerResponse) => response.socket?.end('HTTP/1.1 200 OK\r\nETag: "half'),
  ];
  for (const ending of endings) {
    const failure = await failureFrom(put(connect(t, await answering(t, ending))));
    assert.deepEqual([failure.kind, failure.isOutage], ['transient', false], failure.reason);
  }
});

test('a server that is silent is left after the idle time, and one that is slow after the whole', async (t) => {
  const silent = await answering(t, () => {});
  for (const times of [{ idleMs: 200 }, { requestMs: 200 }]) {
    const failure = await failureFrom(put(connect(t, silent, undefined, times)));
    assert.deepEqual([failure.kind, failure.isOutage], ['transient', true]);
    assert.match(failure.reason, /does not answer in time/);
  }
});

test('a request that waits for another is not late', async (t) => {
  const url = await answering(t, (response) => void setTimeout(() => response.writeHead(404).end(), 300));
  const store = connect(t, url, undefined, { maxSockets: 1, connectMs: 200, requestMs: 2_000 });
  const heads = Array.from({ length: 3 }, () => store.head(place, signal));
  assert.deepEqual(await Promise.all(heads), [undefined, undefined, undefined]);
});

test('a certificate that is not to be trusted is permanent', needsOpenssl, async (t) => {
  for (const certificate of ['self-signed', 'wrong-host'] as const) {
    const { url } = await startTlsProxy(t, 'http://127.0.0.1:1', { certificate });
    const failure = await failureFrom(put(connect(t, url)));
    assert.deepEqual([failure.kind, failure.isOutage], ['permanent', false], failure.code);
    assert.match(failure.reason, /certificate/);
  }
});

test('https where the server speaks http is permanent', async (t) => {
  const url = await answering(t, (response) => response.end());
  const failure = await failureFrom(put(connect(t, url.replace('http:', 'https:'))));
  assert.equal(failure.kind, 'permanent');
});

test('an endpoint that is no URL is permanent', async (t) => {
  const failure = await failureFrom((async () => put(connect(t, 'not a url')))());
  assert.equal(failure.kind, 'permanent');
});

test('a server that speaks something else is an outage', async (t) => {
  const server = createTcp((socket) => void socket.end('220 ftp.example ready\r\n'));
  const failure = await failureFrom(put(connect(t, `http://127.0.0.1:${await listen(t, server)}`)));
  assert.deepEqual([failure.kind, failure.isOutage], ['transient', true]);
});

test('what the client refuses to send is permanent', () => {
  const error = Object.assign(new Error('no'), { $metadata: { attempts: 1 } });
  assert.deepEqual(failureOf(error), {
    kind: 'permanent',
    isOutage: false,
    reason: 'no (Error)',
    code: 'Error',
  });
});

test('our own abort is told from all others', async (t) => {
  const stop = new AbortController();
  const url = await answering(t, () => stop.abort());
  const failure = await failureFrom(connect(t, url).head(place, stop.signal));
  assert.equal(failure.kind, 'aborted');
  assert.equal(failureOf(new DOMException('', 'AbortError'))?.kind, 'aborted');
});

test('codes that no loopback brings about are known as well', () => {
  for (const [code, kind, isOutage] of [
    ['EHOSTUNREACH', 'transient', true],
    ['ENETUNREACH', 'transient', true],
    ['EAI_AGAIN', 'transient', true],
    ['EPIPE', 'transient', false],
    ['ETIMEDOUT', 'transient', true],
    ['CERT_HAS_EXPIRED', 'transient', true],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'permanent', false],
    ['EMFILE', 'transient', false],
  ] as const) {
    const failure = failureOf(Object.assign(new Error('x'), { code, name: 'TimeoutError' }));
    assert.deepEqual([failure?.kind, failure?.isOutage, failure?.code], [kind, isOutage, code]);
  }
});

test('what no server has to do with is nobody’s failure', () => {
  const fromDisk = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
  const wrapped = new EnvironmentError('the file cannot be read', { code: 'upload.read', cause: fromDisk });
  for (const error of [
    fromDisk,
    wrapped,
    new LeaseLostError(1),
    new TypeError('a defect'),
    'text',
    undefined,
  ])
    assert.equal(failureOf(error), undefined);
});

test('a message of the server becomes one short line', () => {
  const error = Object.assign(new Error(`a\nb\u0000\u001b[31m${'c'.repeat(1000)}`), {
    name: 'Odd',
    $metadata: { httpStatusCode: 400 },
  });
  const reason = failureOf(error)?.reason ?? '';
  assert.match(reason, /^the server refuses the request: a b \[31mc+… \(Odd, 400\)$/);
  assert.ok(reason.length < 280);
});
