import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { S3Sink } from '../../../shared/config/settings.ts';
import { settingsSchema } from '../../../shared/config/settings.ts';
import { configFile, settingsFrom } from './sources.ts';

const S3 = { type: 's3', profile: 'lab', bucket: 'archive' };

/** What sinks of a route become, each as the config file has it. */
function sinksFrom(
  t: TestContext,
  sinks: readonly unknown[],
  { top = {}, env = {} }: { top?: object; env?: Record<string, string> } = {},
): S3Sink[] {
  const config = configFile(t, JSON.stringify({ ...top, routes: [{ input: '/in', sinks }] }));
  const { settings } = settingsFrom({ flags: { config }, env });
  const sent = JSON.parse(JSON.stringify(settings));
  assert.deepEqual(settingsSchema.parse(sent), sent);
  return (settings.routes[0]?.sinks ?? []).filter((sink) => sink.type === 's3');
}

test('a sink needs only a profile and a bucket', (t) => {
  assert.deepEqual(sinksFrom(t, [S3]), [
    {
      type: 's3',
      name: 's3',
      credentials: undefined,
      to: { by: 'key', profile: 'lab', bucket: 'archive', key: '{ingest_date}/{path}' },
      decompress: false,
      maxOutputBytes: 1024 ** 4,
      maxRatio: 2000,
      after: { do: 'keep' },
    },
  ]);
});

test('a sink says where, how and under which name', (t) => {
  const [sink] = sinksFrom(t, [
    { ...S3, name: 'cold', key: '{route}/{name}', decompress: true, max_output_bytes: '10MiB', max_ratio: 5 },
  ]);
  assert.deepEqual(sink, {
    type: 's3',
    name: 'cold',
    credentials: undefined,
    to: { by: 'key', profile: 'lab', bucket: 'archive', key: '{route}/{name}' },
    decompress: true,
    maxOutputBytes: 10 * 1024 * 1024,
    maxRatio: 5,
    after: { do: 'keep' },
  });
});

test('a size is a number of bytes, or has a unit of 1000 or of 1024', (t) => {
  const sizes = [7, '7B', '7 kB', '7KB', '2KiB', '1.5MiB', '2MB', '1GB', '1GiB', '1TiB'];
  assert.deepEqual(
    sinksFrom(
      t,
      sizes.map((max_output_bytes) => ({ ...S3, max_output_bytes })),
    ).map(({ maxOutputBytes }) => maxOutputBytes),
    [7, 7, 7000, 7000, 2048, 1_572_864, 2e6, 1e9, 1024 ** 3, 1024 ** 4],
  );
});

test('sinks without a name are numbered around those that have one', (t) => {
  const names = sinksFrom(t, [S3, { ...S3, name: 's3-2' }, S3, { ...S3, name: 's3-4' }, S3]).map(
    ({ name }) => name,
  );
  assert.deepEqual(names, ['s3', 's3-2', 's3-3', 's3-4', 's3-5']);
});

test('the credentials of a sink are relative to the config file, and those of the program where it has none', (t) => {
  const config = configFile(
    t,
    JSON.stringify({
      credentials: 'all',
      routes: [{ input: '/in', sinks: [{ ...S3, credentials: 'own' }, S3] }],
    }),
  );
  const of = (env: Record<string, string>) =>
    settingsFrom({ flags: { config }, env }).settings.routes[0]?.sinks.map((sink) =>
      sink.type === 's3' ? sink.credentials : undefined,
    );
  const here = (name: string) => join(dirname(config), name);
  assert.deepEqual(of({}), [here('own'), here('all')]);
  assert.deepEqual(of({ WHARFINGER_CREDENTIALS: '/etc/c' }), [here('own'), '/etc/c']);
});

test('variables of watch say nothing about a sink', (t) => {
  const [sink] = sinksFrom(t, [S3], { env: { WHARFINGER_BUCKET: 'other', WHARFINGER_DECOMPRESS: 'yes' } });
  assert.deepEqual([sink?.to.by === 'key' && sink.to.bucket, sink?.decompress], ['archive', false]);
});
