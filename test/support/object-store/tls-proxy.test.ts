import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { needsOpenssl, startTlsProxy, type TlsProxy } from './tls-proxy.ts';

async function start(t: TestContext, certificate: 'self-signed' | 'wrong-host'): Promise<TlsProxy> {
  const server = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return await startTlsProxy(t, `http://127.0.0.1:${port}`, { certificate });
}

async function statusOf(url: string, options: RequestOptions = {}): Promise<number | undefined> {
  const [answer] = await once(get(url, { agent: false, ...options }), 'response');
  answer.resume();
  return answer.statusCode;
}

const trusting = ({ certificateFile }: TlsProxy) => ({ ca: readFileSync(certificateFile) });

test('nobody trusts a self-signed certificate who was not told to', needsOpenssl, async (t) => {
  const tls = await start(t, 'self-signed');
  await assert.rejects(statusOf(tls.url), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  assert.equal(await statusOf(tls.url, trusting(tls)), 200);
  assert.equal(tls.proxy.requests.length, 1);
});

test('the certificate of another host is refused by who trusts its issuer', needsOpenssl, async (t) => {
  const tls = await start(t, 'wrong-host');
  await assert.rejects(statusOf(tls.url, trusting(tls)), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  assert.deepEqual(tls.proxy.requests, []);
});

test('http at an address of https is ended without an answer', needsOpenssl, async (t) => {
  const tls = await start(t, 'self-signed');
  await assert.rejects(fetch(tls.url.replace('https', 'http')), /fetch failed/);
});
