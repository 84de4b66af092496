import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { settingsSchema } from '../../../shared/config/settings.ts';
import { tempDir } from '../../support/temp.ts';
import { refusal, targetsFile, watchFrom } from './sources.ts';

const TO = { profile: 'lab', bucket: 'archive' };

test('watch unpacks what its writer has closed, uploads it under the date, and removes it', () => {
  const settings = watchFrom({ flags: { ...TO, target: ['out'] } });
  assert.deepEqual(settings.uploadRoutes, [
    {
      name: 'out',
      input: '/home/ann/out',
      recursive: true,
      everyName: false,
      mode: 'close-write',
      stabilityMs: 10_000,
      include: [],
      exclude: [],
      watch: 'auto',
      scanMs: undefined,
      overdueMs: 3_600_000,
      sink: {
        type: 's3',
        name: 'watch',
        credentials: undefined,
        to: { by: 'key', profile: 'lab', bucket: 'archive', key: '{ingest_date}/{path}' },
        decompress: true,
        maxOutputBytes: 1024 ** 4,
        maxRatio: 2000,
        after: { do: 'remove' },
      },
    },
  ]);
  assert.deepEqual([settings.routes, settings.discoverers], [[], 'one-a-route']);
  const sent = JSON.parse(JSON.stringify(settings));
  assert.deepEqual(settingsSchema.parse(sent), sent);
});

test('several directories are several targets, each with a name of its own', () => {
  const { uploadRoutes } = watchFrom({ flags: { ...TO, target: ['/a/out', '/b/out'] } });
  assert.deepEqual(
    uploadRoutes.map(({ name, input }) => [name, input]),
    [
      ['out', '/a/out'],
      ['out-2', '/b/out'],
    ],
  );
});

test('an option wins over the environment, that over a target, that over the top level of its file', (t) => {
  const target = [
    targetsFile(t, {
      profile: 'top',
      bucket: 'top',
      key: 'top/{path}',
      max_ratio: 1,
      targets: [{ target: '/a', profile: 'own', bucket: 'own', key: 'own/{path}' }, { target: '/b' }],
    }),
  ];
  const of = (flags: Record<string, unknown>, env: Record<string, string>) =>
    watchFrom({ flags: { ...flags, target }, env }).uploadRoutes.map(({ sink }) => [sink.to, sink.maxRatio]);
  const by = 'key';
  assert.deepEqual(of({}, {}), [
    [{ by, profile: 'own', bucket: 'own', key: 'own/{path}' }, 1],
    [{ by, profile: 'top', bucket: 'top', key: 'top/{path}' }, 1],
  ]);
  const to = { by, profile: 'flag', bucket: 'env' };
  assert.deepEqual(
    of(
      { profile: 'flag' },
      { WHARFINGER_PROFILE: 'env', WHARFINGER_BUCKET: 'env', WHARFINGER_MAX_RATIO: '2' },
    ),
    [
      [{ ...to, key: 'own/{path}' }, 2],
      [{ ...to, key: 'top/{path}' }, 2],
    ],
  );
});

test('paths in a file with targets are relative to it', (t) => {
  const file = targetsFile(t, {
    ...TO,
    credentials: 'c',
    targets: [{ target: 'out', after: 'move', moved_to: '../sent' }],
  });
  const [route] = watchFrom({ flags: { target: [file] } }).uploadRoutes;
  const here = dirname(file);
  assert.deepEqual(
    [route?.input, route?.sink.credentials, route?.sink.after],
    [join(here, 'out'), join(here, 'c'), { do: 'move', directory: join(dirname(here), 'sent') }],
  );
});

test('a directory is a target whatever its name, and what is missing is a file when it is named like one', (t) => {
  const directory = join(tempDir(t), 'out.yaml');
  mkdirSync(directory);
  assert.equal(watchFrom({ flags: { ...TO, target: [directory] } }).uploadRoutes[0]?.input, directory);
  assert.match(
    refusal(() => watchFrom({ flags: { ...TO, target: ['/nowhere/t.yaml'] } })),
    /^there is no config file \/nowhere\/t.yaml; /,
  );
});

test('the config file of other commands is none of watch', () => {
  const env = { WHARFINGER_CONFIG: '/nowhere/w.yaml' };
  assert.equal(watchFrom({ flags: { ...TO, target: ['/out'] }, env }).uploadRoutes.length, 1);
});

const REFUSED: readonly (readonly [what: string, flags: Record<string, unknown>, line: RegExp])[] = [
  ['no target', TO, /^no target is given; .*--target/],
  ['no profile', { target: ['/out'], bucket: 'archive' }, /^no profile is given for \/out; give --profile$/],
  ['no bucket', { target: ['/out'], profile: 'lab' }, /^no bucket is given for \/out; give --bucket$/],
  ['sidecars', { ...TO, target: ['/out'], mode: 'sidecar' }, /^--mode: watch knows no sidecars; /],
  [
    'a move to nowhere',
    { ...TO, target: ['/out'], after: 'move' },
    /^--after: it is not said where to; give --moved-to/,
  ],
  [
    'a target given twice',
    { ...TO, target: ['/out', '/out/'] },
    /^the target \/out is given twice; .* to one target$/,
  ],
  [
    'a target in another',
    { ...TO, target: ['/out/a', '/out'] },
    /^the target \/out\/a lies in the target \/out, /,
  ],
  [
    'a state file in a target',
    { ...TO, target: ['/out'], state_path: '/out/w.db' },
    /^the state file \/out\/w.db lies in the target \/out; .*--state-path/,
  ],
  [
    'a move into a target',
    { ...TO, target: ['/out'], after: 'move', moved_to: '/out/sent' },
    /^files are moved to \/out\/sent, which lies in the target \/out: .*--moved-to/,
  ],
  [
    'a move to the target',
    { ...TO, target: ['/out'], after: 'move', moved_to: '/out' },
    /^files are moved to \/out, which lies in the target \/out: /,
  ],
  [
    'a target below what is moved',
    { ...TO, target: ['/srv/out'], after: 'move', moved_to: '/srv' },
    /^the target \/srv\/out lies in \/srv, where files are moved to: /,
  ],
];

for (const [what, flags, line] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.match(
      refusal(() => watchFrom({ flags })),
      line,
    );
  });
}

test('a file with targets is given alone', (t) => {
  const file = join(tempDir(t), 'targets');
  writeFileSync(file, 'targets: []');
  assert.match(
    refusal(() => watchFrom({ flags: { target: ['/out', file] } })),
    /^--target: .*\/targets is a file with targets, and there is more beside it; /,
  );
});

test('directories in one another are targets where only their tops are watched', () => {
  const { uploadRoutes } = watchFrom({ flags: { ...TO, target: ['/out', '/out/a'], recursive: false } });
  assert.equal(uploadRoutes.length, 2);
});
