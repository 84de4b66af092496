import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { SdkRequest, SendOptions } from '../../../../shared/object-store/answerable-handler.ts';
import { createClient } from '../../../../shared/object-store/client.ts';
import type { Profile } from '../../../../shared/object-store/credentials/profile.ts';
import { Secret } from '../../../../shared/object-store/credentials/secret.ts';
import { digestOf } from '../../../../shared/object-store/digest.ts';
import { type Header, Signer } from '../../../../shared/object-store/direct/sign.ts';
import { encodeKey, learnTemplate, type Method } from '../../../../shared/object-store/direct/template.ts';

const KEYS = ['k', 'a/b c', "!'()*~-_.", 'ä/☃/😀', '/', 'a//b/', '%41+&=?#@:;,$', ' lead', 'tab\there'];
const PROFILES: Partial<Profile>[] = [
  { provider: 's3', endpoint: 'http://127.0.0.1:1' },
  { provider: 's3', endpoint: 'https://[::1]:8443/below/it', region: 'auto' },
  { provider: 'amazon', sessionToken: new Secret('a token'), region: 'eu-west-1' },
];

function setUp(t: TestContext, given: Partial<Profile>) {
  const profile: Profile = {
    ...{ name: 'lab', provider: 's3', accessKeyId: 'test:a/key', region: 'us-east-1', endpoint: undefined },
    ...{ secretAccessKey: new Secret('a secret'), sessionToken: undefined },
    ...given,
  };
  const times = { connectMs: 1, idleMs: 1, requestMs: 1, maxSockets: 1 };
  const { sdk } = createClient({ profile, ...times });
  t.after(() => sdk.destroy());
  return { sdk, signer: new Signer(profile.accessKeyId, profile.secretAccessKey) };
}

const bytes = Buffer.from('some bytes');
const digest = digestOf(bytes, 'md5');

/** What the SDK would send. */
async function sdkRequest(sdk: S3Client, method: Method, bucket: string, key: string): Promise<SdkRequest> {
  let seen: SdkRequest | undefined;
  const options: SendOptions = {
    async answer(request) {
      seen = request;
      return { response: { statusCode: 200, headers: {}, body: new Uint8Array() } };
    },
  };
  const place = { Bucket: bucket, Key: key };
  const sums = { ContentMD5: digest.md5?.toString('base64'), Metadata: { note: 'two  blanks' } };
  if (method === 'HEAD') await sdk.send(new HeadObjectCommand(place), options);
  else await sdk.send(new PutObjectCommand({ ...place, Body: bytes, ...sums }), options);
  return seen ?? assert.fail();
}

const msOf = (amzDate: string): number =>
  Date.parse(amzDate.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/** Those of the SDK that count its own retries. */
const ITS_OWN = ['amz-sdk-invocation-id', 'amz-sdk-request'];
const SIGNERS = ['authorization', 'x-amz-date', 'x-amz-content-sha256'];

for (const given of PROFILES) {
  test(`a request is addressed and signed as by the SDK: ${given.endpoint ?? given.provider}`, async (t) => {
    const { sdk, signer } = setUp(t, given);
    for (const method of ['PUT', 'HEAD'] as const) {
      const template = (await learnTemplate(sdk, 'some-bucket', method)) ?? assert.fail();
      for (const key of KEYS) {
        const request = await sdkRequest(sdk, method, 'some-bucket', key);
        const path = template.path + encodeKey(key);
        assert.equal(path, request.path);
        assert.equal(template.isTls, request.protocol === 'https:');
        assert.equal(template.host, request.hostname.replace(/[[\]]/g, ''));
        assert.equal(template.port, request.port);
        assert.equal(template.query, method === 'PUT' ? 'x-id=PutObject' : '');
        const given = Object.entries(request.headers);
        const signed = signer.sign({
          ...{ method, path, query: template.query, region: template.region, service: template.service },
          headers: given.filter(([name]) => !SIGNERS.includes(name)),
          sha256: request.headers['x-amz-content-sha256'] ?? '',
          nowMs: msOf(request.headers['x-amz-date'] ?? ''),
        });
        assert.deepEqual(Object.fromEntries(signed), request.headers);
      }
    }
  });

  test(`nothing else is in the headers than the SDK sends: ${given.endpoint ?? given.provider}`, async (t) => {
    const { sdk } = setUp(t, given);
    for (const method of ['PUT', 'HEAD'] as const) {
      const template = (await learnTemplate(sdk, 'some-bucket', method)) ?? assert.fail();
      const request = await sdkRequest(sdk, method, 'some-bucket', 'k');
      const ours: Header[] = method === 'HEAD' ? [] : [['content-length', '10']];
      const summed = ['content-md5', 'x-amz-meta-note'];
      // The list of what the caller makes use of differs with the checksum.
      const theirs = Object.entries(request.headers).filter(
        ([name]) => ![...ITS_OWN, ...SIGNERS, ...summed, 'user-agent'].includes(name),
      );
      const headers = [...template.headers, ...ours].filter(([name]) => name !== 'user-agent');
      assert.deepEqual(Object.fromEntries(headers), Object.fromEntries(theirs));
    }
  });
}

test('a bucket that needs a session first is left to the SDK', async (t) => {
  const { sdk } = setUp(t, { provider: 'amazon' });
  assert.equal(await learnTemplate(sdk, 'some--usw2-az1--x-s3', 'PUT'), undefined);
  assert.notEqual(await learnTemplate(sdk, 'some-bucket', 'PUT'), undefined);
});

test('a request of another day has another key', (t) => {
  const { signer } = setUp(t, {});
  const request = { method: 'HEAD', path: '/b/k', query: '', headers: [], sha256: '', service: 's3' };
  const signed = (nowMs: number, region: string) =>
    signer.sign({ ...request, region, nowMs }).find(([name]) => name === 'authorization')?.[1];
  const noon = Date.parse('2024-05-01T12:00:00Z');
  const first = signed(noon, 'us-east-1');
  assert.match(first ?? '', /Credential=test:a\/key\/20240501\/us-east-1\/s3\/aws4_request, /);
  const others = [signed(noon + 86_400_000, 'us-east-1'), signed(noon, 'eu-west-1')];
  assert.equal(new Set([first, ...others]).size, 3);
  assert.equal(signed(noon, 'us-east-1'), first);
});
