import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { findBucket } from '../../../shared/object-store/bucket.ts';
import { digestOf } from '../../../shared/object-store/digest.ts';
import { failureOf } from '../../../shared/object-store/failure.ts';
import { check } from '../../../shared/object-store/verify.ts';
import { startFaultProxy } from '../../support/object-store/fault-proxy.ts';
import { status } from '../../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../../support/object-store/swift.ts';
import { connect, sendWith } from './lab.ts';

const swift = swiftOfFile();
const signal = new AbortController().signal;
const denied = status(403, '<Error><Code>AccessDenied</Code><Message>No.</Message></Error>');
const list = { method: 'GET', path: /^\/\?x-id=ListBuckets/ };
const failed = async (request: Promise<unknown>) =>
  failureOf(
    await request.then(
      () => assert.fail('it succeeded'),
      (error: unknown) => error,
    ),
  );

test('a bucket is there, or missing', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  assert.equal(await findBucket(store, await swift().makeBucket(), signal), 'there');
  assert.equal(await findBucket(store, 'no-such-bucket', signal), 'missing');
});

test('a key that may not list asks for the bucket itself', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const store = connect(t, proxy.url, swift());
  const bucket = await swift().makeBucket();
  proxy.fail(list, denied);
  assert.equal(await findBucket(store, bucket, signal), 'there');
  assert.equal(await findBucket(store, 'no-such-bucket', signal), 'missing');
  assert.deepEqual(
    proxy.requests.map(({ method }) => method),
    ['GET', 'HEAD', 'GET', 'HEAD'],
  );
  proxy.fail({ method: 'HEAD' }, status(403));
  assert.equal(await findBucket(store, bucket, signal), 'unknown');
});

test('a bucket that the list does not have may be another’s', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const store = connect(t, proxy.url, swift());
  proxy.fail({ method: 'HEAD' }, status(403));
  assert.equal(await findBucket(store, 'of-somebody-else', signal), 'unknown');
});

test('whether a bucket is there is not known from an error', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const bucket = await swift().makeBucket();
  proxy.fail(list, status(503));
  const unavailable = await failed(findBucket(connect(t, proxy.url, swift()), bucket, signal));
  assert.equal(unavailable?.kind, 'transient');
  const wrong = { ...swift(), secretAccessKey: 'another' };
  const refused = await failed(findBucket(connect(t, swift().url, wrong), bucket, signal));
  assert.deepEqual([refused?.kind, refused?.code], ['permanent', 'SignatureDoesNotMatch']);
});

test('the server compares the bytes with both sums that are sent along', needsSwift, async (t) => {
  const store = connect(t, swift().url, swift());
  const bucket = await swift().makeBucket();
  const bytes = Buffer.from('these bytes');
  const right = digestOf(bytes, 'md5');
  const other = digestOf(Buffer.from('other bytes'), 'md5');
  const place = { bucket, key: 'k' };
  for (const digest of [
    { ...right, sha256: other.sha256 },
    { ...right, md5: other.md5 },
  ])
    assert.equal((await failed(store.put(place, bytes, digest, {}, signal)))?.kind, 'reread');
  const uploadId = await store.createMultipart(place, {}, signal);
  const wrong = { ...right, md5: other.md5 };
  assert.equal(
    (await failed(store.putPart({ ...place, uploadId }, 1, bytes, wrong, signal)))?.kind,
    'reread',
  );
  assert.deepEqual(await swift().objects(bucket), []);
});

test('verifying tells what is the same, what differs, and what is missing', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const store = connect(t, proxy.url, swift());
  const bucket = await swift().makeBucket();
  const place = { bucket, key: 'k' };
  const sent = await sendWith({ store, ...place, content: { type: 'bytes', bytes: Buffer.from('one') } });
  assert.deepEqual(await check(store, place, sent, signal), { is: 'same' });
  assert.equal((await check(store, place, { ...sent, etag: 'other' }, signal)).is, 'differs');
  assert.equal((await check(store, place, { ...sent, sizeBytes: 4 }, signal)).is, 'differs');
  assert.deepEqual(await check(store, { ...place, key: 'no' }, sent, signal), { is: 'missing' });
  for (const code of [403, 405, 501]) {
    proxy.fail({ method: 'HEAD', times: 1 }, status(code));
    assert.equal((await check(store, place, sent, signal)).is, 'unasked');
  }
  proxy.fail({ method: 'HEAD', times: 1 }, status(500));
  assert.equal((await failed(check(store, place, sent, signal)))?.kind, 'transient');
});

test('more parts than fit on one page of a list are all found', needsSwift, async (t) => {
  const proxy = await startFaultProxy(t, swift().url);
  const store = connect(t, proxy.url, swift());
  const upload = { bucket: 'some-bucket', key: 'k', uploadId: 'u' };
  const page = (part: number, next: number | undefined) =>
    status(
      200,
      `<ListPartsResult><IsTruncated>${next !== undefined}</IsTruncated><NextPartNumberMarker>${next ?? 0}</NextPartNumberMarker>` +
        `<Part><PartNumber>${part}</PartNumber><ETag>"e${part}"</ETag><Size>5</Size></Part></ListPartsResult>`,
    );
  proxy.fail({ method: 'GET' }, page(1, 1));
  proxy.fail({ method: 'GET', path: /part-number-marker=1/ }, page(2, undefined));
  assert.deepEqual(
    [...(await store.listParts(upload, signal))],
    [
      [1, { sizeBytes: 5, etag: 'e1' }],
      [2, { sizeBytes: 5, etag: 'e2' }],
    ],
  );
});

test('neither a dump nor a failure of a connection shows the secret', needsSwift, async (t) => {
  const secretAccessKey = 'not-to-be-seen';
  const store = connect(t, swift().url, { ...swift(), secretAccessKey });
  assert.doesNotMatch(inspect(store, { depth: 12, showHidden: true }), /not-to-be-seen/);
  const error = await store
    .head({ bucket: 'some-bucket', key: 'k' }, signal)
    .catch((caught: unknown) => caught);
  assert.doesNotMatch(inspect(error, { depth: 8, showHidden: true }), /not-to-be-seen/);
});

test('the environment does not send files elsewhere', needsSwift, async (t) => {
  const names = [
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_S3',
    'AWS_ACCESS_KEY_ID',
    'AWS_MAX_ATTEMPTS',
    'AWS_AUTH_SCHEME_PREFERENCE',
  ] as const;
  const before = names.map((name) => [name, process.env[name]] as const);
  t.after(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });
  for (const name of names) process.env[name] = 'http://127.0.0.1:1';
  process.env.AWS_AUTH_SCHEME_PREFERENCE = 'sigv4a';
  const proxy = await startFaultProxy(t, swift().url);
  const bucket = await swift().makeBucket();
  assert.equal(await findBucket(connect(t, proxy.url, swift()), bucket, signal), 'there');
  assert.equal(proxy.requests.length, 1);
  // Nor those of a profile without an address: of Amazon's, which a test does not ask.
  const amazon = connect(t, undefined, swift(), { provider: 'amazon', connectMs: 1 });
  const failure = await failed(amazon.head({ bucket: 'no.such-bucket', key: 'k' }, signal));
  assert.doesNotMatch(failure?.reason ?? '', /127\.0\.0\.1/);
});
