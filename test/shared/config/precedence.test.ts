import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import {
  environmentName,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  optionsOf,
} from '../../../shared/config/options.ts';
import { resolveStatePath } from '../../../shared/config/resolve.ts';
import { settingsSchema } from '../../../shared/config/settings.ts';
import { configFile, serverFrom, settingsFrom, targetsFile, watchFrom } from './sources.ts';

test('every default works with nothing given', () => {
  const { settings, dryRun, inputsToMake } = settingsFrom();
  assert.deepEqual(settings, {
    statePath: '/home/ann/data/state/wharfinger.db',
    workers: 6,
    concurrency: 4,
    leaseMs: 30_000,
    maxAttempts: 5,
    queueLimit: 100_000,
    stopMs: 10_000,
    metricsPort: undefined,
    logLevel: 'info',
    logFormat: 'json',
    once: false,
    retryMs: 30_000,
    maxRetries: 10,
    keepRecordsDays: 90,
    uploadRoutes: [],
    discoverers: 'one',
    routes: [
      {
        name: 'staging',
        input: '/home/ann/data/staging',
        recursive: true,
        warehouse: '/home/ann/data/warehouse',
        manifests: '/home/ann/data/manifests',
        duplicates: '/home/ann/data/warehouse/_duplicates',
        onDuplicate: 'move',
        dedupe: 'content',
        mode: 'stability',
        stabilityMs: 10_000,
        include: [],
        exclude: [],
        watch: 'auto',
        scanMs: undefined,
        overdueMs: 3_600_000,
        sinks: [],
      },
    ],
  });
  assert.equal(dryRun, false);
  assert.deepEqual(inputsToMake, ['/home/ann/data/staging']);
});

test('settings survive the way to a child and pass its validator', () => {
  const { settings } = settingsFrom({ flags: { metrics_port: '0', scan_seconds: '0.5' } });
  assert.deepEqual(settingsSchema.parse(JSON.parse(JSON.stringify(settings))), settings);
});

test('an option wins over the environment, that over the config file, that over the default', (t) => {
  const config = configFile(t, 'workers: 2\nconcurrency: 2\nmax_attempts: 2\n');
  const { settings } = settingsFrom({
    flags: { config, workers: '4' },
    env: { WHARFINGER_WORKERS: '3', WHARFINGER_CONCURRENCY: '3' },
  });
  assert.equal(settings.workers, 4);
  assert.equal(settings.concurrency, 3);
  assert.equal(settings.maxAttempts, 2);
  assert.equal(settings.queueLimit, 100_000);
});

test('a route wins over the top level of its file, and an option over both', (t) => {
  const text = `
mode: sidecar
stability_seconds: 7
warehouse: /srv/wh
routes:
  - {input: /in/a, name: first}
  - {input: /in/b, mode: close-write, stability_seconds: 0.5, warehouse: /srv/other}
`;
  const of = (env: Record<string, string>) =>
    settingsFrom({ flags: { config: configFile(t, text) }, env }).settings.routes.map(
      ({ name, mode, stabilityMs, duplicates }) => [name, mode, stabilityMs, duplicates],
    );
  assert.deepEqual(of({}), [
    ['first', 'sidecar', 7000, '/srv/wh/_duplicates'],
    ['b', 'close-write', 500, '/srv/other/_duplicates'],
  ]);
  assert.deepEqual(of({ WHARFINGER_MODE: 'stability' }), [
    ['first', 'stability', 7000, '/srv/wh/_duplicates'],
    ['b', 'stability', 500, '/srv/other/_duplicates'],
  ]);
});

/** A value of each option that is not its default, as text and as what the config file holds. */
const EXAMPLES: Record<OptionName, [text: string, value: unknown]> = {
  input: ['/srv/in', '/srv/in'],
  recursive: ['false', false],
  warehouse: ['/srv/w', '/srv/w'],
  manifests: ['/srv/m', '/srv/m'],
  state_path: ['/srv/s/w.db', '/srv/s/w.db'],
  mode: ['close-write', 'close-write'],
  stability_seconds: ['0.25', 0.25],
  retry_seconds: ['0.5', 0.5],
  max_retries: ['0', 0],
  keep_records_days: ['7', 7],
  include: ['*.csv,*.{a,b}', ['*.csv', '*.{a,b}']],
  exclude: ['x,y\nz', ['x,y', 'z']],
  dedupe: ['none', 'none'],
  on_duplicate: ['leave', 'leave'],
  duplicates: ['/srv/d', '/srv/d'],
  server_directory: ['/srv/flood', '/srv/flood'],
  credentials: ['/etc/c', '/etc/c'],
  target: ['/srv/out', '/srv/out'],
  profile: ['lab', 'lab'],
  bucket: ['archive', 'archive'],
  key: ['{hour}/{name}', '{hour}/{name}'],
  decompress: ['no', false],
  max_output_bytes: ['10MiB', '10MiB'],
  max_ratio: ['7', 7],
  after: ['keep', 'keep'],
  moved_to: ['/srv/sent', '/srv/sent'],
  store: ['/srv/store', '/srv/store'],
  interval_seconds: ['60', 60],
  into: ['duckdb:/srv/t.duckdb', 'duckdb:/srv/t.duckdb'],
  table: ['orders', 'orders'],
  schema_file: ['/etc/schema.yaml', '/etc/schema.yaml'],
  task_bytes: ['1MiB', '1MiB'],
  task_wait_seconds: ['0', 0],
  on_columns: ['add', 'add'],
  max_rejects: ['0', 0],
  lineage: ['yes', true],
  base: ['/srv/archives', '/srv/archives'],
  archive: ['{hour}.zip/{name}', '{hour}.zip/{name}'],
  compression: ['store', 'store'],
  publish_seconds: ['0', 0],
  scavenge: ['no', false],
  volume_bytes: ['1MiB', '1MiB'],
  release: ['yes', true],
  workers: ['9', 9],
  concurrency: ['9', 9],
  watch: ['poll', 'poll'],
  scan_seconds: ['1.5', 1.5],
  overdue_seconds: ['0.001', 0.001],
  lease_seconds: ['1', 1],
  max_attempts: ['1', 1],
  queue_limit: ['1', 1],
  stop_seconds: ['0', 0],
  once: ['yes', true],
  dry_run: ['1', true],
  metrics_port: ['0', 0],
  log_level: ['silent', 'silent'],
  log_format: ['pretty', 'pretty'],
};

const asGiven = (name: OptionName): unknown => {
  const [text, value] = EXAMPLES[name];
  return OPTIONS[name].text === 'text' || OPTIONS[name].text === 'number' ? text : value;
};

/** The defaults of sinks that load. */
const OF_LOADS = ['task_bytes', 'task_wait_seconds', 'max_rejects'] as const;

for (const name of OF_LOADS) {
  test(`${name} means the same to a sink as an option, in the environment and in the config file`, (t) => {
    const [text, value] = EXAMPLES[name];
    const fileWith = (more: object) => {
      const sinks = [{ type: 'load', target: 'duckdb:/t', table: 't' }];
      return configFile(t, JSON.stringify({ ...more, routes: [{ input: '/in', sinks }] }));
    };
    const expected = settingsFrom({ flags: { config: fileWith({}), [name]: text } });
    assert.notDeepEqual(expected, settingsFrom({ flags: { config: fileWith({}) } }));
    assert.deepEqual(
      settingsFrom({ flags: { config: fileWith({}) }, env: { [environmentName(name)]: text } }),
      expected,
    );
    assert.deepEqual(settingsFrom({ flags: { config: fileWith({ [name]: value }) } }), expected);
  });
}

/** Those of `start`, whose settings show them with nothing else given. */
for (const name of optionsOf('config').filter(
  (name) => !['server_directory', 'credentials', ...OF_LOADS].includes(name),
)) {
  test(`${name} means the same as an option, in the environment and in the config file`, (t) => {
    const [text, value] = EXAMPLES[name];
    const config = configFile(t, `${name}: ${JSON.stringify(value)}\n`);
    const expected = settingsFrom({ flags: { [name]: asGiven(name) } });
    assert.notDeepEqual(expected, settingsFrom());
    assert.deepEqual(settingsFrom({ env: { [environmentName(name)]: text } }), expected);
    assert.deepEqual(settingsFrom({ flags: { config } }), expected);
  });
}

for (const name of ['server_directory', 'credentials'] as const) {
  test(`${name} means the same to a server as an option, in the environment and in the config file`, (t) => {
    const [text, value] = EXAMPLES[name];
    const base = name === 'server_directory' ? {} : { server_directory: '/srv/base' };
    const expected = serverFrom({ flags: { ...base, [name]: text } });
    assert.equal(JSON.stringify(expected).includes(text), true);
    assert.deepEqual(serverFrom({ flags: base, env: { [environmentName(name)]: text } }), expected);
    const config = configFile(t, `${name}: ${JSON.stringify(value)}\n`);
    assert.deepEqual(serverFrom({ flags: { ...base, config } }), expected);
  });
}

for (const name of optionsOf('watch')) {
  test(`${name} means the same to watch as an option, in the environment, in a target and above the targets`, (t) => {
    const [text, value] = name === 'mode' ? (['stability', 'stability'] as const) : EXAMPLES[name];
    const base: Record<string, unknown> = { target: ['/srv/out'], profile: 'p', bucket: 'bbb' };
    if (name === 'moved_to') base.after = 'move';
    const { [name]: _, ...others } = base;
    const expected = watchFrom({ flags: { ...base, [name]: name === 'mode' ? text : asGiven(name) } });
    if (name !== 'moved_to') assert.notDeepEqual(expected, watchFrom({ flags: base }));
    assert.deepEqual(watchFrom({ flags: others, env: { [environmentName(name)]: text } }), expected);
    const { target: __, ...given } = others;
    const top = targetsFile(t, { [name]: value, targets: [{ target: '/srv/out' }] });
    assert.deepEqual(watchFrom({ flags: { ...given, target: [top] } }), expected);
    if (!OPTIONS[name].of.some((place) => place === 'target')) return;
    const own = targetsFile(t, { targets: [{ target: '/srv/out', [name]: value }] });
    assert.deepEqual(watchFrom({ flags: { ...given, target: [own] } }), expected);
  });
}

test('every option is one of a config file, of a sink, of a file with targets or of a scan', () => {
  const places = ['config', 'watch', 'target', 'load', 'scan', 'archive'] as const;
  const known = new Set(places.flatMap(optionsOf));
  assert.deepEqual([...known].toSorted(), OPTION_NAMES.toSorted());
});

test('an empty variable counts as not set, and those of others are left alone', () => {
  const env = {
    WHARFINGER_WORKERS: '',
    WHARFINGER_CRASH_AT: 'place.renamed',
    WHARFINGER_HOME: '/opt',
    PATH: '/bin',
  };
  assert.deepEqual(settingsFrom({ env }), settingsFrom());
});

test('relative paths start at the working directory, those of a config file at that file', (t) => {
  const config = configFile(t, 'warehouse: wh\nmanifests: ../m\n');
  const { settings } = settingsFrom({
    flags: { config, input: ['in/'] },
    env: { WHARFINGER_STATE_PATH: './s.db' },
  });
  assert.equal(settings.routes[0]?.warehouse, join(dirname(config), 'wh'));
  assert.equal(settings.routes[0]?.manifests, join(dirname(dirname(config)), 'm'));
  assert.equal(settings.routes[0]?.input, '/home/ann/in');
  assert.equal(settings.statePath, '/home/ann/s.db');
});

test('several inputs make several routes, each with a name of its own', () => {
  const { settings, inputsToMake } = settingsFrom({
    flags: { input: ['/a/in', '/b/in', '/c/in-2', '/b/in3'] },
  });
  assert.deepEqual(
    settings.routes.map(({ name, input }) => [name, input]),
    [
      ['in', '/a/in'],
      ['in-2', '/b/in'],
      ['in-2-2', '/c/in-2'],
      ['in3', '/b/in3'],
    ],
  );
  assert.deepEqual(inputsToMake, [], 'an input that somebody named must exist');
});

test('the config file may be named by the environment', (t) => {
  const env = { WHARFINGER_CONFIG: configFile(t, 'workers: 3') };
  assert.equal(settingsFrom({ env }).settings.workers, 3);
});

test('the log is pretty for a person, and json for a file', () => {
  assert.equal(settingsFrom({ onTerminal: true }).settings.logFormat, 'pretty');
  assert.equal(settingsFrom({ onTerminal: false }).settings.logFormat, 'json');
});

test('a command that only needs the state finds it in the same places', (t) => {
  const config = configFile(t, 'state_path: s.db');
  const of = (flags: Record<string, unknown>, env: Record<string, string> = {}) =>
    resolveStatePath({ flags, env, cwd: '/home/ann' });
  assert.equal(of({ state_path: 'x.db', config }, { WHARFINGER_STATE_PATH: '/y.db' }), '/home/ann/x.db');
  assert.equal(of({ config }, { WHARFINGER_STATE_PATH: '/y.db' }), '/y.db');
  assert.equal(of({ config }), join(dirname(config), 's.db'));
  assert.equal(of({}), '/home/ann/data/state/wharfinger.db');
});
