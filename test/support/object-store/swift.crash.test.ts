import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { tempDir } from '../temp.ts';
import { startFaultProxy } from './fault-proxy.ts';
import * as faults from './faults.ts';
import { needsSwift, type Swift, startSwift, swiftOfFile } from './swift.ts';
import { SwiftContents } from './swift-contents.ts';

const swift = swiftOfFile();

/** A client that tries once, as the program's. */
function clientOf(
  { region, accessKeyId, secretAccessKey }: Swift,
  endpoint: string,
  secret = secretAccessKey,
) {
  const credentials = { accessKeyId, secretAccessKey: secret };
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
}

test('an object is put, found, read, and described', needsSwift, async () => {
  const bucket = await swift().makeBucket();
  const body = Buffer.from('a content');
  const metadata = { long: 'v'.repeat(1024) };
  const object = { Bucket: bucket, Key: 'a b/ü+%41//x' };
  await swift()
    .client()
    .send(new PutObjectCommand({ ...object, Body: body, Metadata: metadata }));
  assert.deepEqual(await swift().objects(bucket), [{ key: object.Key, sizeBytes: body.length }]);
  assert.deepEqual(await swift().read(bucket, object.Key), body);
  const head = await swift().client().send(new HeadObjectCommand(object));
  assert.deepEqual(head.Metadata, metadata);
});

test('all is listed where one page does not hold it', needsSwift, async () => {
  const bucket = await swift().makeBucket();
  const keys = ['a', 'a+b c/é', 'd', 'd/e', 'f'];
  const client = swift().client();
  for (const key of keys) {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from('1') }));
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  }
  for (const pageSize of [1, 2]) {
    const contents = new SwiftContents(() => client, pageSize);
    const objects = await contents.objects(bucket);
    const uploads = await contents.uploads(bucket);
    assert.deepEqual(
      objects.map(({ key }) => key),
      keys,
    );
    assert.deepEqual(uploads.map(({ key }) => key).sort(), keys);
  }
});

for (const [name, key] of [
  ['the longest there is', '%'.repeat(1024)],
  ['spaces, signs, and letters put together', ' a+b%41//e\u0301/../é '],
  ['a line break and a control character', 'new\nline\u0001'],
] as const) {
  test(`a key is kept as it is: ${name}`, needsSwift, async () => {
    const bucket = await swift().makeBucket();
    const object = { Bucket: bucket, Key: key };
    await swift()
      .client()
      .send(new PutObjectCommand({ ...object, Body: Buffer.from('1') }));
    assert.deepEqual(await swift().objects(bucket), [{ key, sizeBytes: 1 }]);
    assert.deepEqual(await swift().read(bucket, key), Buffer.from('1'));
  });
}

test('the unfinished uploads are all listed, with the longest key too', needsSwift, async () => {
  const bucket = await swift().makeBucket();
  const keys = ['é'.repeat(512), ...Array.from({ length: 2 }, () => ' a+b%41//é')];
  const begun = [];
  for (const key of keys) {
    const { UploadId: uploadId = '' } = await swift()
      .client()
      .send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
    const part = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: 10_000 };
    await swift()
      .client()
      .send(new UploadPartCommand({ ...part, Body: Buffer.from('1') }));
    begun.push({ key, uploadId });
  }
  const byId = (a: { uploadId: string }, b: { uploadId: string }) => (a.uploadId < b.uploadId ? -1 : 1);
  assert.deepEqual((await swift().uploads(bucket)).sort(byId), begun.sort(byId));
});

test('a wrong secret is refused', needsSwift, async (t) => {
  const client = clientOf(swift(), swift().url, 'a guess');
  t.after(() => client.destroy());
  await assert.rejects(client.send(new ListBucketsCommand({})), { name: 'SignatureDoesNotMatch' });
});

test('a bucket that is missing is not found', needsSwift, async () => {
  const asked = swift()
    .client()
    .send(new HeadBucketCommand({ Bucket: 'nobody-made-this' }));
  await assert.rejects(asked, { name: 'NotFound' });
});

test('a multipart upload is unfinished until it is completed or aborted', needsSwift, async () => {
  const bucket = await swift().makeBucket();
  const client = swift().client();
  const begin = (key: string) => client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  const { UploadId: uploadId = '' } = await begin('whole');
  const { UploadId: abandoned = '' } = await begin('never');
  const parts = [];
  const contents = [Buffer.alloc(5 * 2 ** 20, 'a'), Buffer.from('the end')];
  const upload = { Bucket: bucket, Key: 'whole', UploadId: uploadId };
  for (const [index, content] of contents.entries()) {
    const part = { ...upload, PartNumber: index + 1 };
    const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: content }));
    parts.push({ ETag, PartNumber: index + 1 });
  }
  assert.deepEqual(await swift().uploads(bucket), [
    { key: 'never', uploadId: abandoned },
    { key: 'whole', uploadId },
  ]);
  assert.deepEqual(await swift().objects(bucket), []);
  await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
  await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: 'never', UploadId: abandoned }));
  assert.deepEqual(await swift().uploads(bucket), []);
  assert.deepEqual(await swift().read(bucket, 'whole'), Buffer.concat(contents));
});

test('a frozen server answers nothing, and thawed it answers what was asked', needsSwift, async (t) => {
  const server = swift();
  t.after(() => server.thaw());
  const client = clientOf(server, server.url);
  t.after(() => client.destroy());
  await client.send(new ListBucketsCommand({}));
  server.freeze();
  const statePath = `/proc/${server.pids.proxy}/stat`;
  while (!/\) T /.test(readFileSync(statePath, 'utf8')));
  let answered = false;
  const waiting = client.send(new ListBucketsCommand({})).then(() => {
    answered = true;
  });
  // Another server of this process answers meanwhile, more than once.
  const other = await startSwift(t);
  await other.makeBucket();
  assert.equal(answered, false);
  server.thaw();
  await waiting;
});

test('a server leaves nothing behind, though it is frozen', needsSwift, async (t) => {
  const server = await startSwift(t);
  const pid = server.pids.proxy;
  const { url, credentialsFile } = server;
  assert.equal(statSync(credentialsFile).mode & 0o777, 0o600);
  assert.match(readFileSync(credentialsFile, 'utf8'), new RegExp(`\\[lab\\]\n[^]*aws_endpoint = ${url}\n`));
  server.freeze();
  await server.stop();
  await server.stop();
  assert.equal(existsSync(`/proc/${pid}`), false);
  assert.equal(existsSync(dirname(credentialsFile)), false);
});

test(
  'a server ends with the process that started it, killed as it may be, and frozen too',
  needsSwift,
  async (t) => {
    const directory = tempDir(t);
    const program = `
    import { startSwift } from ${JSON.stringify(new URL('./swift.ts', import.meta.url).href)};
    const server = await startSwift({ after() {} });
    server.freeze();
    console.log(JSON.stringify(server.pids));`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: directory },
    });
    const [line] = await once(createInterface(child.stdout), 'line');
    child.kill('SIGKILL');
    // Nobody may be there to take note of their ends, and then something of them stays, without a program.
    for (const pid of Object.values<number>(JSON.parse(line)))
      while (existsSync(`/proc/${pid}/exe`)) await setImmediate();
  },
);

test(
  'what is signed for the proxy is accepted behind it, and a reset there stores the object',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const client = clientOf(swift(), proxy.url);
    t.after(() => client.destroy());
    const bucket = await swift().makeBucket();
    const put = (key: string, body: Buffer) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    const big = Buffer.alloc(3 * 2 ** 20, 'b');
    await put('big +%', big);
    assert.deepEqual(await swift().read(bucket, 'big +%'), big);

    proxy.fail({ method: 'PUT', path: /unheard/ }, faults.resetBeforeReply);
    proxy.fail({ method: 'PUT', path: /torn/ }, faults.resetMidBody(2 ** 20));
    proxy.fail({ method: 'PUT', path: /busy/ }, faults.slowDown);
    await assert.rejects(put('unheard', big), { code: 'ECONNRESET' });
    await assert.rejects(put('torn', big));
    await assert.rejects(put('busy', big), { name: 'SlowDown' });
    const keys = (await swift().objects(bucket)).map(({ key }) => key);
    assert.deepEqual(keys, ['big +%', 'unheard']);
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'unheard' }));
    assert.equal((await body?.transformToByteArray())?.length, big.length);
  },
);
