import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareScan } from '../../../shared/config/prepare-scan.ts';
import { resolveScan } from '../../../shared/config/resolve-scan.ts';
import { tempDir } from '../../support/temp.ts';

const resolve = (flags: Record<string, unknown>, cwd = '/srv', env: Record<string, string> = {}) =>
  resolveScan({ flags, env, cwd, cores: 4, onTerminal: false });

const NEEDED = { store: 'in', into: 'duckdb:t.duckdb', table: 'orders' };

test('what is not said has a default, and paths are absolute', () => {
  const { sink, ...settings } = resolve(NEEDED);
  assert.deepEqual(settings, {
    statePath: '/srv/data/state/wharfinger.db',
    store: '/srv/in',
    recursive: true,
    include: [],
    exclude: [],
    stabilityMs: 10_000,
    intervalMs: 3_600_000,
    once: false,
    logLevel: 'info',
    logFormat: 'json',
  });
  assert.deepEqual(sink.target, { is: 'duckdb', path: '/srv/t.duckdb' });
  assert.deepEqual([sink.name, sink.table], ['scan:duckdb:/srv/t.duckdb:orders', 'orders']);
  assert.deepEqual([sink.taskBytes, sink.taskWaitMs, sink.maxRejects], [10 * 1024 * 1024, 60_000, 1000]);
});

test('an option wins over its variable, and no config file is read', () => {
  const env = {
    WHARFINGER_INTERVAL_SECONDS: '60',
    WHARFINGER_TABLE: 'others',
    WHARFINGER_CONFIG: '/nowhere.yaml',
  };
  const settings = resolve({ ...NEEDED, interval_seconds: '2.5' }, '/srv', env);
  assert.deepEqual([settings.intervalMs, settings.sink.table], [2500, 'orders']);
});

for (const [name, message] of [
  ['store', /^no store is given$/],
  ['into', /^no target is given$/],
  ['table', /^no table is given$/],
] as const) {
  test(`without --${name} it says so`, () => {
    assert.throws(() => resolve({ ...NEEDED, [name]: undefined }), {
      code: 'usage.missing',
      subject: `--${name}`,
      message,
    });
  });
}

test('what it writes must not lie in the store, nor the store in a target', () => {
  for (const flags of [
    { into: 'duckdb:in/t.duckdb' },
    { into: 'parquet:in/lake' },
    { into: 'parquet:in' },
    { into: 'parquet:/srv' },
    { state_path: 'in/sub/state.db' },
  ])
    assert.throws(() => resolve({ ...NEEDED, ...flags }), { code: 'usage.overlap' }, JSON.stringify(flags));
  resolve({ ...NEEDED, into: 'duckdb:in/sub/t.duckdb', recursive: false });
});

test('a link does not hide that they overlap', (t) => {
  const root = tempDir(t);
  mkdirSync(join(root, 'in'));
  symlinkSync('in', join(root, 'link'));
  const settings = resolve({ ...NEEDED, into: 'duckdb:link/t.duckdb' }, root);
  assert.throws(() => prepareScan(settings), { code: 'usage.overlap' });
});

test('a store that is missing, or no directory, is said in one line', (t) => {
  const root = tempDir(t);
  writeFileSync(join(root, 'file'), '');
  for (const [store, wrong] of [
    ['nowhere', /does not exist$/],
    ['file', /is not a directory$/],
    ['file/below', /lies below a file$/],
  ] as const)
    assert.throws(() => prepareScan(resolve({ ...NEEDED, store }, root)), {
      code: 'store.missing',
      message: wrong,
    });
});

test('the schema file says what a sink would', (t) => {
  const root = tempDir(t);
  writeFileSync(join(root, 's.yaml'), 'columns: {id: BIGINT, v: text}\nnull: ["NA"]\nkey: [id]\n');
  const { declared } = resolve({ ...NEEDED, schema_file: 's.yaml' }, root).sink;
  assert.deepEqual(declared.columns, [
    { name: 'id', type: 'BIGINT' },
    { name: 'v', type: 'VARCHAR' },
  ]);
  assert.deepEqual([declared.nulls, declared.key], [['NA'], ['id']]);
});

test('what is wrong in a schema file is said with its line', (t) => {
  const root = tempDir(t);
  const refused = (text: string, message: RegExp): void => {
    writeFileSync(join(root, 's.yaml'), text);
    assert.throws(() => resolve({ ...NEEDED, schema_file: 's.yaml' }, root), { name: 'UsageError', message });
  };
  refused(
    'header: true\ncolumns:\n  id: BIGNT\n',
    /s\.yaml:3: columns\.id: "BIGNT": "BIGNT" is no type of a column/,
  );
  refused('header: true\ncolumms: {}\n', /s\.yaml:2: "columms" is no key of a schema$/);
  refused('\nheader: 3\n', /s\.yaml:2: header: 3: is not what belongs here$/);
  refused('key: [a\n', /s\.yaml:\d: not valid YAML/);
  refused('columns: {a: BIGINT}\nkey: [b]\n', /key has a column "b" that is not among the columns$/);
  assert.throws(() => resolve({ ...NEEDED, schema_file: 'none.yaml' }, root), {
    message: /there is no schema file .*none\.yaml$/,
  });
});
