import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import * as faults from './faults.ts';

type Reply = { status: number; body: string; headers: IncomingMessage['headers'] };
type Kept = {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
  whole: boolean;
};

const BODY = 'x'.repeat(100_000);
const code = (expected: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === expected;

/** A server that keeps what it got and says how much that was, behind a proxy. */
async function start(t: TestContext) {
  const kept: Kept[] = [];
  let heard = Promise.withResolvers<void>();
  const server = createServer(async (incoming, response) => {
    const { method = '', url: path = '', headers } = incoming;
    const one: Kept = { method, path, headers, body: '', whole: false };
    kept.push(one);
    try {
      for await (const piece of incoming) one.body += piece;
      one.whole = true;
      response.writeHead(200, { ETag: '"tag"', 'X-Own': 'yes' });
      response.end(method === 'HEAD' ? undefined : `got ${one.body.length}`);
    } catch {
      // A body that ended too early: it is not whole.
    }
    heard.resolve();
    heard = Promise.withResolvers();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { proxy: await startFaultProxy(t, url), kept, heard: () => heard.promise };
}

type Asked = { agent?: Agent; headers?: Record<string, string>; body?: string };

async function ask(
  proxy: FaultProxy,
  method: string,
  path: string,
  { agent, headers = {}, body }: Asked = {},
): Promise<Reply> {
  const { port } = proxy;
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: agent ?? false });
  outgoing.flushHeaders();
  if (headers.expect === undefined) outgoing.end(body);
  else outgoing.on('continue', () => outgoing.end(body));
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  let content = '';
  for await (const piece of answer) content += piece;
  return { status: answer.statusCode ?? 0, body: content, headers: answer.headers };
}

/** Waits until the server has so much of the body of `/held`, which other requests overtake meanwhile. */
async function serverHas(proxy: FaultProxy, kept: readonly Kept[], bodyBytes: number | undefined) {
  do await ask(proxy, 'GET', '/other');
  while (
    !proxy.requests.some(({ path }) => path === '/held') ||
    kept.find(({ path }) => path === '/held')?.body.length !== bodyBytes
  );
}

test('a request passes as it is: its path, its Host, its headers, and so does the answer', async (t) => {
  const { proxy, kept } = await start(t);
  const path = '/b/a%20b//%25+%C3%A9?partNumber=1&uploadId=x%3D';
  const headers = { host: 's3.example:99', 'x-amz-date': 'today', 'content-length': '3' };
  const reply = await ask(proxy, 'PUT', path, { headers, body: 'abc' });
  assert.equal(reply.status, 200);
  assert.equal(reply.body, 'got 3');
  assert.equal(reply.headers['x-own'], 'yes');
  assert.equal(kept[0]?.path, path);
  assert.equal(kept[0]?.headers.host, 's3.example:99');
  assert.equal(kept[0]?.headers['x-amz-date'], 'today');
  assert.equal(kept[0]?.headers['transfer-encoding'], undefined);
  assert.deepEqual(proxy.requests, [{ method: 'PUT', path, bodyBytes: 3, status: 200 }]);
});

test('chunked bodies, bodies that wait to be asked for, and none', async (t) => {
  const { proxy, kept } = await start(t);
  const chunked = { 'transfer-encoding': 'chunked' };
  const expecting = { expect: '100-continue', 'content-length': `${BODY.length}` };
  assert.equal((await ask(proxy, 'PUT', '/1', { headers: chunked, body: BODY })).body, 'got 100000');
  assert.equal((await ask(proxy, 'PUT', '/2', { headers: expecting, body: BODY })).body, 'got 100000');
  for (const method of ['POST', 'DELETE', 'GET', 'HEAD'])
    assert.equal((await ask(proxy, method, '/3')).status, 200);
  assert.equal(kept[0]?.headers['transfer-encoding'], 'chunked');
  assert.ok(kept.every(({ whole }) => whole));
});

test('a connection serves many requests, each with a fault of its own', async (t) => {
  const { proxy } = await start(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  proxy.fail({ method: 'PUT', path: /^\/second\b/, times: 1 }, faults.slowDown);
  const first = await ask(proxy, 'PUT', '/first', { agent, body: 'a' });
  const second = await ask(proxy, 'PUT', '/second?x', { agent, body: BODY });
  const again = await ask(proxy, 'PUT', '/second?x', { agent, body: BODY });
  assert.deepEqual([first.status, second.status, again.status], [200, 503, 200]);
  assert.match(second.body, /<Code>SlowDown<\/Code>/);
  assert.equal(second.headers['content-type'], 'application/xml');
});

test('of the faults for a request the one said last is done, as often as it says', async (t) => {
  const { proxy } = await start(t);
  proxy.fail({}, faults.htmlUnavailable);
  proxy.fail({ method: 'GET', times: 1 }, faults.status(429));
  const statuses = [];
  for (const method of ['GET', 'GET', 'PUT']) statuses.push((await ask(proxy, method, '/')).status);
  await proxy.restore();
  statuses.push((await ask(proxy, 'GET', '/')).status);
  assert.deepEqual(statuses, [429, 503, 503, 200]);
});

test('a proxy that refuses has no port open, and then the same again', async (t) => {
  const { proxy } = await start(t);
  const { url } = proxy;
  await proxy.refuse();
  await assert.rejects(ask(proxy, 'GET', '/'), code('ECONNREFUSED'));
  await proxy.restore();
  assert.equal((await ask(proxy, 'GET', '/')).status, 200);
  assert.equal(proxy.url, url);
});

test('refusing ends connections that are open', async (t) => {
  const { proxy } = await start(t);
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  socket.resume().on('error', () => {});
  await proxy.refuse();
  await closed;
});

test('a reset at once: the server hears nothing', async (t) => {
  const { proxy, kept } = await start(t);
  proxy.fail({}, faults.resetAtOnce);
  await assert.rejects(ask(proxy, 'PUT', '/', { body: 'a' }), code('ECONNRESET'));
  assert.deepEqual(kept, []);
});

test('a reset in the middle of a body: the server has exactly so much of it, and no more', async (t) => {
  const { proxy, kept, heard } = await start(t);
  proxy.fail({}, faults.resetMidBody(70_001));
  const headers = { 'content-length': `${BODY.length}` };
  const server = heard();
  await assert.rejects(ask(proxy, 'PUT', '/', { body: BODY, headers }), /ECONNRESET|EPIPE/);
  await server;
  assert.equal(kept[0]?.whole, false);
  assert.equal(kept[0]?.body.length, 70_001);
});

test('a reset before the reply: the server has all and has answered', async (t) => {
  const { proxy, kept } = await start(t);
  proxy.fail({}, faults.resetBeforeReply);
  await assert.rejects(ask(proxy, 'PUT', '/', { body: BODY }), code('ECONNRESET'));
  assert.equal(kept[0]?.whole, true);
  assert.equal(proxy.requests[0]?.status, undefined);
});

test('an error after the body was taken: the server has all, and the client is told otherwise', async (t) => {
  const { proxy, kept } = await start(t);
  proxy.fail({}, faults.internalErrorAfterBody);
  const reply = await ask(proxy, 'PUT', '/', { body: BODY });
  assert.equal(reply.status, 500);
  assert.match(reply.body, /InternalError/);
  assert.equal(kept[0]?.whole, true);
});

test('an error instead: the server hears nothing, also where the client waits to be asked for its body', async (t) => {
  const { proxy, kept } = await start(t);
  proxy.fail({}, faults.internalError);
  const headers = { expect: '100-continue', 'content-length': `${BODY.length}` };
  assert.equal((await ask(proxy, 'PUT', '/', { headers, body: BODY })).status, 500);
  assert.equal((await ask(proxy, 'HEAD', '/')).body, '');
  assert.equal(proxy.requests[0]?.bodyBytes, BODY.length);
  assert.deepEqual(kept, []);
});

test('half of a reply: of its body, or of its head where it has none', async (t) => {
  const { proxy, kept } = await start(t);
  proxy.fail({}, faults.cutReply);
  await assert.rejects(ask(proxy, 'GET', '/'), code('ECONNRESET'));
  await assert.rejects(ask(proxy, 'HEAD', '/'), code('ECONNRESET'));
  assert.equal(kept.length, 2);
});

for (const [name, fault, heardBytes] of [
  ['a request', faults.stall, undefined],
  ['a body', faults.stallMidBody(70_001), 70_001],
  ['a reply', faults.stallReply, BODY.length],
] as const) {
  test(`${name} that stalls goes on when all is restored`, async (t) => {
    const { proxy, kept } = await start(t);
    proxy.fail({ path: /^\/held/ }, fault);
    const held = ask(proxy, 'PUT', '/held', { body: BODY });
    await serverHas(proxy, kept, heardBytes);
    assert.equal(proxy.requests.find(({ path }) => path === '/held')?.status, undefined);
    await proxy.restore();
    assert.equal((await held).body, 'got 100000');
  });
}

test('a client that gives up a stalled body takes the request from the server as well', async (t) => {
  const { proxy, kept, heard } = await start(t);
  const pause = proxy.pauseAt({ method: 'PUT' }, { afterBytes: 10 });
  const headers = { 'content-length': '20' };
  const outgoing = request({ host: '127.0.0.1', port: proxy.port, method: 'PUT', headers, agent: false });
  outgoing.on('error', () => {});
  outgoing.end('x'.repeat(20));
  await pause.reached;
  const server = heard();
  outgoing.destroy();
  await server;
  assert.equal(kept[0]?.whole, false);
});

for (const at of ['request', { afterBytes: 70_001 }, 'reply'] as const) {
  test(`a request held at ${JSON.stringify(at)} goes on when it is let go`, async (t) => {
    const { proxy, kept } = await start(t);
    const pause = proxy.pauseAt({ method: 'PUT' }, at);
    let answered = false;
    const asked = ask(proxy, 'PUT', '/held', { body: BODY }).then((reply) => {
      answered = true;
      return reply;
    });
    const seen = await pause.reached;
    assert.equal(seen.path, '/held');
    await serverHas(proxy, kept, at === 'request' ? undefined : at === 'reply' ? BODY.length : at.afterBytes);
    assert.equal(answered, false);
    pause.release();
    assert.equal((await asked).body, 'got 100000');
    assert.equal((await ask(proxy, 'PUT', '/next')).status, 200);
  });
}

test('a slow connection takes its time, and loses nothing', async (t) => {
  const { proxy, kept } = await start(t);
  proxy.fail({}, faults.slow(200_000));
  const startedMs = performance.now();
  const reply = await ask(proxy, 'PUT', '/', { body: BODY });
  assert.ok(performance.now() - startedMs > 400);
  assert.equal(reply.body, 'got 100000');
  assert.equal(kept[0]?.body, BODY);
});

test('a server that is gone is a reset, as without the proxy nobody would answer', async (t) => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  const proxy = await startFaultProxy(t, `http://127.0.0.1:${port}`);
  await assert.rejects(ask(proxy, 'PUT', '/', { body: BODY }), /ECONNRESET|EPIPE/);
});
