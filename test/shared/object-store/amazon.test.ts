import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { failureOf } from '../../../shared/object-store/failure.ts';
import { check } from '../../../shared/object-store/verify.ts';
import { connect, PART, sendWith } from './lab.ts';

// There is no Amazon on a loopback. This plays what its documents say of checksums, with a bucket whose ETags are no MD5.

const signal = new AbortController().signal;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const place = { bucket: 'some-bucket', key: 'k' };

type Seen = { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer };

async function start(t: TestContext) {
  const seen: Seen[] = [];
  const parts: Buffer[] = [];
  const stored = { checksum: '', sizeBytes: 0 };
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const { method = '', url = '', headers } = request;
    const body = Buffer.concat(pieces);
    seen.push({ method, path: url, headers, body });
    const number = Number(/partNumber=(\d+)/.exec(url)?.[1] ?? 0);
    if (method === 'PUT') {
      if (number > 0) parts[number - 1] = body;
      else Object.assign(stored, { checksum: sha256(body).toString('base64'), sizeBytes: body.length });
      response.writeHead(200, { etag: '"kms"' }).end();
    } else if (method === 'POST' && url.includes('?uploads')) {
      response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
    } else if (method === 'POST') {
      const composite = sha256(Buffer.concat(parts.map(sha256))).toString('base64');
      stored.checksum = `${composite}-${parts.length}`;
      stored.sizeBytes = Buffer.concat(parts).length;
      response.end(
        `<CompleteMultipartUploadResult><ETag>"kms-2"</ETag><ChecksumSHA256>${stored.checksum}</ChecksumSHA256></CompleteMultipartUploadResult>`,
      );
    } else if (method === 'HEAD' && stored.checksum !== '') {
      const known = { etag: '"kms"', 'content-length': stored.sizeBytes };
      response.writeHead(200, { ...known, 'x-amz-checksum-sha256': stored.checksum }).end();
    } else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { seen, stored, store: connect(t, url, undefined, { provider: 'amazon' }) };
}

test('a small object goes with its SHA-256, is verified by it, and is not sent twice', async (t) => {
  const { seen, store } = await start(t);
  const bytes = randomBytes(1000);
  const content = { type: 'bytes' as const, bytes };
  const sent = await sendWith({ store, ...place, content, lookFirst: true });
  const headers = seen.find(({ method }) => method === 'PUT')?.headers ?? {};
  assert.equal(headers['x-amz-checksum-sha256'], sha256(bytes).toString('base64'));
  assert.equal(headers['x-amz-content-sha256'], sha256(bytes).toString('hex'));
  assert.equal(headers['content-md5'], undefined);
  assert.equal(sent.md5, undefined);
  seen.length = 0;
  assert.equal((await sendWith({ store, ...place, content, lookFirst: true })).wasThere, true);
  assert.deepEqual(
    seen.map(({ method, headers }) => [method, headers['x-amz-checksum-mode']]),
    [['HEAD', 'ENABLED']],
  );
});

test('parts go with theirs, and the object has the checksum of their checksums', async (t) => {
  const { seen, stored, store } = await start(t);
  const bytes = randomBytes(PART + 10);
  const content = {
    type: 'stream' as const,
    async *open() {
      yield bytes;
    },
  };
  const sent = await sendWith({ store, ...place, content });
  const [create, ...others] = seen;
  assert.equal(create?.headers['x-amz-checksum-algorithm'], 'SHA256');
  assert.equal(create?.headers['x-amz-checksum-type'], 'COMPOSITE');
  const sums = [bytes.subarray(0, PART), bytes.subarray(PART)].map((part) => sha256(part).toString('base64'));
  assert.deepEqual(
    others.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['x-amz-checksum-sha256']),
    others
      .filter(({ method }) => method === 'PUT')
      .map(({ path }) => sums[path.includes('partNumber=1') ? 0 : 1]),
  );
  const complete = others.at(-1)?.body.toString() ?? '';
  for (const sum of sums) assert.ok(complete.includes(`<ChecksumSHA256>${sum}</ChecksumSHA256>`));
  assert.deepEqual(sent.checksum, { algorithm: 'SHA256', value: stored.checksum });
  assert.deepEqual(await check(store, place, { ...sent, etag: 'older' }, signal), { is: 'same' });
  assert.equal((await sendWith({ store, ...place, content, lookFirst: true })).wasThere, true);
  stored.checksum = `${sums[0]}-2`;
  assert.equal((await check(store, place, sent, signal)).is, 'differs');
  assert.equal((await sendWith({ store, ...place, content, lookFirst: true })).wasThere, false);
});

test('what is refused by its checksum is to be read again', () => {
  const error = Object.assign(new Error('x'), { name: 'BadDigest', $metadata: { httpStatusCode: 400 } });
  assert.equal(failureOf(error)?.kind, 'reread');
});
