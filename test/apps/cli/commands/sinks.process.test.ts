import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { jsonLines } from '../../../support/cli.ts';
import { needsSwift, swiftOfFile } from '../../../support/object-store/swift.ts';
import { runProgram } from '../../../support/program.ts';
import { tempDir } from '../../../support/temp.ts';

const swift = swiftOfFile();

/** A directory with a config file whose one route has these sinks. */
function harbour(context: TestContext, sinks: readonly Record<string, unknown>[]) {
  const directory = tempDir(context);
  mkdirSync(join(directory, 'in'));
  const config = join(directory, 'wharfinger.yaml');
  const route = { name: 'orders', input: 'in', stability_seconds: 0, sinks };
  const places = { state_path: 'state.db', warehouse: 'wh', manifests: 'm', workers: 2 };
  writeFileSync(config, JSON.stringify({ ...places, routes: [route] }));
  const write = (name: string, content: string | Buffer) =>
    writeFileSync(join(directory, 'in', name), content);
  return { directory, config, write };
}

const keysIn = async (bucket: string) => (await swift().objects(bucket)).map(({ key }) => key);

test(
  'what is committed goes to every sink of its route, and stays in the warehouse',
  needsSwift,
  async (t) => {
    const [plain, open] = [await swift().makeBucket(), await swift().makeBucket()];
    const to = { type: 's3', credentials: swift().credentialsFile, profile: 'lab' };
    const { directory, config, write } = harbour(t, [
      { ...to, bucket: plain },
      { ...to, bucket: open, key: '{route}/{path}', decompress: true },
    ]);
    write('a.csv', 'a');
    write('b.csv.gz', gzipSync('b'));
    const { code, stderr } = await runProgram(['start', '--once', '--config', config]);
    assert.equal(code, 0, stderr);
    const date = /ingest_date=(\S{10})/.exec(stderr)?.[1];
    assert.deepEqual(await keysIn(plain), [`${date}/a.csv`, `${date}/b.csv.gz`]);
    assert.deepEqual(await keysIn(open), ['orders/a.csv', 'orders/b.csv']);
    assert.equal(String(await swift().read(open, 'orders/b.csv')), 'b');
    assert.match(stderr, /"msg":"2 committed, 0 duplicates, 4 uploaded, 0 failed"/);
    for (const name of ['a.csv', 'b.csv.gz'])
      assert.ok(existsSync(join(directory, `wh/ingest_date=${date}/${name}`)), name);
  },
);

const NOWHERE = { type: 's3', credentials: 'nowhere', profile: 'lab', bucket: 'archive' };

test('credentials that are missing end the start in one line, before anything is made of files', async (t) => {
  const { directory, config, write } = harbour(t, [NOWHERE]);
  write('a.csv', 'a');
  const { code, stderr } = await runProgram(['start', '--once', '--config', config]);
  assert.equal(code, 2);
  assert.match(stderr, /^wharfinger: there is no credentials file .*\/nowhere; give the path .*\n$/);
  assert.ok(existsSync(join(directory, 'in/a.csv')));
});

test('a dry run does not ask for credentials', async (t) => {
  const { config, write } = harbour(t, [NOWHERE]);
  write('a.csv', 'a');
  const { code, stdout, stderr } = await runProgram(['start', '--dry-run', '--config', config]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(
    jsonLines(stdout).map(({ action }) => action),
    ['ingest'],
  );
});

test('doctor says whether the profiles of sinks are there', async (t) => {
  const { directory, config } = harbour(t, [NOWHERE]);
  const ask = async () => {
    const { stdout, code } = await runProgram(['doctor', '--json', '--config', config]);
    return { code, found: jsonLines(stdout).filter(({ check }) => check === 'credentials') };
  };
  const before = await ask();
  assert.deepEqual([before.code, before.found.map(({ level }) => level)], [5, ['fail']]);
  writeFileSync(
    join(directory, 'nowhere'),
    '[lab]\nprovider = amazon\naws_access_key_id = a\naws_secret_access_key = b\naws_region = us-east-1\n',
    { mode: 0o600 },
  );
  assert.deepEqual(
    (await ask()).found.map(({ level }) => level),
    ['ok'],
  );
});
