import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { jsonLines } from '../../support/cli.ts';
import { Program } from '../../support/program.ts';
import { tempDir } from '../../support/temp.ts';
import { runBin } from './run-bin.ts';

function withFile(t: TestContext): string {
  const cwd = tempDir(t);
  mkdirSync(join(cwd, 'in'));
  writeFileSync(join(cwd, 'in/a.csv'), 'a,b\n');
  return cwd;
}

const contents = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();

test('a dry run says on stdout what would happen, and changes nothing', (t) => {
  const cwd = withFile(t);
  const before = contents(cwd);
  const { exitCode, stdout, stderr } = runBin(['--input', 'in', '--stability-seconds', '0', '--dry-run'], {
    cwd,
  });
  assert.deepEqual([exitCode, stderr], [0, '']);
  const [line, ...more] = jsonLines(stdout);
  assert.deepEqual([line?.action, line?.path, more], ['ingest', join(cwd, 'in/a.csv'), []]);
  assert.deepEqual(contents(cwd), before);
});

test('a dry run of the default input says that it is not there yet', (t) => {
  const cwd = tempDir(t);
  const { exitCode, stdout, stderr } = runBin(['--dry-run'], { cwd });
  assert.deepEqual([exitCode, stdout], [0, '']);
  assert.match(
    stderr,
    /^wharfinger: .*\/data\/staging does not exist yet, so nothing would happen; start makes it\n$/,
  );
  assert.deepEqual(contents(cwd), []);
});

test('one pass with options, variables and a config file takes the file, and logs to stderr alone', (t) => {
  const cwd = withFile(t);
  writeFileSync(
    join(cwd, 'wharfinger.yaml'),
    'input: in\nwarehouse: wrong\nworkers: 1\nstability_seconds: 0\n',
  );
  const env = { WHARFINGER_WAREHOUSE: 'wrong too', WHARFINGER_STATE_PATH: 'state/w.db' };
  const args = ['--config', 'wharfinger.yaml', '--warehouse', 'wh', '--once'];
  const { exitCode, stdout, stderr } = runBin(args, { cwd, env });
  assert.deepEqual([exitCode, stdout], [0, ''], stderr);
  assert.equal(jsonLines(stderr).filter(({ event }) => event === 'file.ingested').length, 1);
  assert.match(contents(join(cwd, 'wh')).join(' '), /ingest_date=\d{4}-\d\d-\d\d\/a\.csv/);
  assert.deepEqual(
    contents(cwd).filter((name) => name.startsWith('wrong')),
    [],
  );
  assert.deepEqual(contents(join(cwd, 'in')), []);
});

test('a state file that is none exits with 5 in one line', (t) => {
  const cwd = withFile(t);
  writeFileSync(join(cwd, 'notes.txt'), 'these are not the rows you are looking for');
  const { exitCode, stderr } = runBin(['--input', 'in', '--state-path', 'notes.txt'], { cwd });
  assert.equal(exitCode, 5);
  assert.match(stderr, /^wharfinger: .*notes\.txt is not a SQLite file; [^\n]+\n$/);
});

test('it runs without a name for the command, and stops at the first signal with 0', async (t) => {
  const cwd = withFile(t);
  const env = { WHARFINGER_STATE_PATH: join(cwd, 's.db'), WHARFINGER_WORKERS: '1' };
  const args = ['--input', join(cwd, 'in'), '--warehouse', join(cwd, 'wh'), '--manifests', join(cwd, 'm')];
  await using program = new Program([...args, '--stability-seconds', '0'], env);
  await program.waitFor('file.ingested');
  program.child.kill('SIGTERM');
  assert.equal((await program.exited).code, 0);
});
