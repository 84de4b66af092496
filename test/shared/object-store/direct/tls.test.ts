import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { needsOpenssl, startTlsProxy } from '../../../support/object-store/tls-proxy.ts';

const shared = new URL('../../../../shared/object-store/', import.meta.url).href;

/** Only a process that is started with it trusts another certificate. */
const CLIENT = `
  const { ObjectStore } = await import('${shared}store.ts');
  const { Secret } = await import('${shared}credentials/secret.ts');
  const { digestOf } = await import('${shared}digest.ts');
  const profile = {
    name: 'lab', provider: 's3', accessKeyId: 'nobody', secretAccessKey: new Secret('nothing'),
    sessionToken: undefined, region: 'us-east-1', endpoint: process.argv[1],
  };
  const store = new ObjectStore({ profile, connectMs: 5000, idleMs: 5000, requestMs: 5000, maxSockets: 2 });
  const bytes = Buffer.from('content');
  const signal = new AbortController().signal;
  const place = { bucket: 'some-bucket', key: 'k' };
  for (let count = 0; count < 3; count++) {
    await store.put(place, bytes, digestOf(bytes, 'md5'), {}, signal);
    console.log((await store.head(place, signal)).sizeBytes);
  }
  store.close();`;

test('what goes by TLS arrives, with an address and with a name', needsOpenssl, async (t) => {
  const server = createServer((request, response) => {
    const length = request.method === 'HEAD' ? 7 : 0;
    request.resume().on('end', () => {
      response.writeHead(200, { etag: '"opaque"', 'content-length': length }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { url, proxy, certificateFile } = await startTlsProxy(t, target, { certificate: 'self-signed' });
  for (const address of [url, url.replace('127.0.0.1', 'localhost')]) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', CLIENT, address],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: certificateFile } },
    );
    assert.equal(stdout, '7\n7\n7\n');
  }
  assert.equal(proxy.requests.length, 12);
});
