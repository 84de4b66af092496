import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveMetrics } from '../../../shared/metrics/server.ts';

test('it listens on this machine alone, says readiness as it is, and closes twice', async (t) => {
  let ready = false;
  const server = await serveMetrics({
    port: 0,
    contentType: 'text/plain',
    metrics: () => Promise.resolve('some 1\n'),
    isReady: () => ready,
  });
  t.after(() => server.close());
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:/);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
  ready = true;
  assert.equal((await fetch(`${server.url}/readyz?verbose`)).status, 200);
  assert.equal(await (await fetch(`${server.url}/metrics`)).text(), 'some 1\n');
  const head = await fetch(`${server.url}/metrics`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
  await server.close();
  await server.close();
});

test('metrics that fail are an answer 500 and not the end of the program', async (t) => {
  const server = await serveMetrics({
    port: 0,
    contentType: 'text/plain',
    metrics: () => Promise.reject(new Error('no figures')),
    isReady: () => true,
  });
  t.after(() => server.close());
  const response = await fetch(`${server.url}/metrics`);
  assert.equal(response.status, 500);
  assert.equal(await response.text(), 'no figures\n');
});
