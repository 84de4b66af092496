import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { prepareDirectories } from '../../../shared/config/prepare.ts';
import { type ArchiveSink, settingsSchema } from '../../../shared/config/settings.ts';
import { tempDir } from '../../support/temp.ts';
import { configFile, settingsFrom } from './sources.ts';

const ARCHIVE = { type: 'archive', base: '/srv/archives', archive: '{ingest_date}/{hour}.zip' };

function archivesFrom(t: TestContext, sinks: readonly unknown[]): ArchiveSink[] {
  const config = configFile(t, JSON.stringify({ routes: [{ input: '/in', sinks }] }));
  const { settings } = settingsFrom({ flags: { config } });
  const sent = JSON.parse(JSON.stringify(settings));
  assert.deepEqual(settingsSchema.parse(sent), sent);
  return (settings.routes[0]?.sinks ?? []).filter((sink) => sink.type === 'archive');
}

const refusal = (t: TestContext, ...sinks: readonly object[]): string => {
  const lines = [
    'routes:',
    '  - input: /in',
    '    sinks:',
    ...sinks.map((sink) => `      - ${JSON.stringify(sink)}`),
  ];
  const config = configFile(t, lines.join('\n'));
  try {
    settingsFrom({ flags: { config } });
  } catch (error) {
    assert.ok(error instanceof Error && 'hint' in error);
    return `${error.message}; ${error.hint}`.replaceAll(config, '');
  }
  return 'it was taken';
};

test('an archive sink needs only a base and an archive', (t) => {
  assert.deepEqual(archivesFrom(t, [ARCHIVE]), [
    {
      type: 'archive',
      name: 'archive',
      base: '/srv/archives',
      to: { archive: '{ingest_date}/{hour}.zip', member: '{path}' },
      compression: 'deflate',
      publishMs: 60_000,
      scavenge: true,
      volumeBytes: 64 * 1024 ** 2,
      release: false,
    },
  ]);
});

test('an archive sink says all there is to say', (t) => {
  const [sink] = archivesFrom(t, [
    {
      ...ARCHIVE,
      name: 'cold',
      archive: '{route}.zip/in.zip/{name}',
      compression: 'store',
      publish_seconds: 0,
      scavenge: false,
      volume_bytes: '1GiB',
      release: true,
    },
  ]);
  assert.deepEqual(sink, {
    type: 'archive',
    name: 'cold',
    base: '/srv/archives',
    to: { archive: '{route}.zip', member: 'in.zip/{name}' },
    compression: 'store',
    publishMs: 0,
    scavenge: false,
    volumeBytes: 1024 ** 3,
    release: true,
  });
});

test('a base is relative to the config file', (t) => {
  const config = configFile(
    t,
    JSON.stringify({ routes: [{ input: '/in', sinks: [{ ...ARCHIVE, base: 'zips' }] }] }),
  );
  const [sink] = settingsFrom({ flags: { config } }).settings.routes[0]?.sinks ?? [];
  assert.equal(sink?.type === 'archive' && sink.base, join(config, '..', 'zips'));
});

const FAULTS: [string, Record<string, unknown>, RegExp][] = [
  ['no base', { base: undefined }, /^:4: .*base/],
  ['no archive', { archive: undefined }, /^:4: .*archive/],
  ['a template without an archive', { archive: '{path}' }, /^:4: archive: .*no part of it ends in \.zip/],
  [
    'a template without a name',
    { archive: 'a.zip/{hour}' },
    /^:4: archive: .*without \{path\} or \{name\} behind the archive/,
  ],
  [
    'a template that names what there is not',
    { archive: '{day}.zip' },
    /^:4: archive: .*\{day\} is not known/,
  ],
  ['a template that leads out', { archive: '../a.zip' }, /^:4: archive: .*has `\.\.` in it/],
  ['a template that leads into the inbox', { archive: 'inbox/a.zip' }, /^:4: archive: .*begins with inbox\//],
  ['an absolute template', { archive: '/a.zip' }, /^:4: archive: .*is absolute/],
  ['a template that ends in a slash', { archive: 'a.zip/' }, /^:4: archive: .*without \{path\}/],
  ['no compression there is', { compression: 'zstd' }, /^:4: compression: .*deflate, store/],
  ['no size', { volume_bytes: 'big' }, /^:4: volume_bytes: /],
  ['a key of another sink', { bucket: 'b' }, /^:4: /],
];

for (const [what, over, expected] of FAULTS) {
  test(`an archive sink with ${what} is refused with its line`, (t) => {
    assert.match(refusal(t, { ...ARCHIVE, ...over }), expected);
  });
}

test('sinks of one base that are to be collected in different ways are refused', (t) => {
  const other = { ...ARCHIVE, archive: 'b.zip', volume_bytes: '1MiB' };
  assert.match(
    refusal(t, ARCHIVE, other),
    /^:5: volume_bytes is 1048576 here and 67108864 at :4, for one base; /,
  );
  assert.match(
    refusal(t, ARCHIVE, { ...ARCHIVE, scavenge: false }),
    /^:5: scavenge is false here and true at :4/,
  );
  assert.equal(refusal(t, ARCHIVE, { ...other, base: '/srv/b' }), 'it was taken');
});

const OVERLAPS: [string, { input: string; base: string; warehouse?: string }, RegExp][] = [
  ['the input', { input: '/in', base: '/in' }, /lies in the input \/in/],
  ['in the input', { input: '/in', base: '/in/zips' }, /lies in the input \/in/],
  ['above the input', { input: '/zips/in', base: '/zips' }, /the input \/zips\/in lies in the base/],
  ['the warehouse', { input: '/in', base: '/wh', warehouse: '/wh' }, /is also the warehouse/],
];

for (const [where, { input, base, warehouse = '/wh' }, expected] of OVERLAPS) {
  test(`a base that is ${where} is refused`, (t) => {
    const sinks = [{ ...ARCHIVE, base }];
    const config = configFile(t, JSON.stringify({ warehouse, routes: [{ input, sinks }] }));
    assert.throws(() => settingsFrom({ flags: { config } }), expected);
  });
}

test('a base must exist, and is never made', (t) => {
  const root = tempDir(t);
  const at = (name: string) => join(root, name);
  mkdirSync(at('in'));
  const sinks = [{ ...ARCHIVE, base: at('zips') }];
  const places = { warehouse: at('wh'), manifests: at('mf'), state_path: at('state/s.db') };
  const config = configFile(t, JSON.stringify({ ...places, routes: [{ input: at('in'), sinks }] }));
  const { settings } = settingsFrom({ flags: { config } });
  assert.throws(() => prepareDirectories(settings, []), /the base of archives .*\/zips does not exist/);
  mkdirSync(at('zips'));
  prepareDirectories(settings, []);
});
