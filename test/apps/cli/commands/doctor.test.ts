import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Routes } from '../../../../shared/queue/routes.ts';
import { SCHEMA_VERSION } from '../../../../shared/state/open.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { makeState } from '../../../support/state.ts';
import { tempDir } from '../../../support/temp.ts';

type Found = { level: string; check: string; what: string; mend: string | null };

async function doctor(args: readonly string[], cwd: string, nowMs = Date.now()) {
  const before = existsSync(cwd) ? readdirSync(cwd, { recursive: true }).sort() : [];
  const { stdout, stderr, exitCode } = await cli(['doctor', '--json', ...args], { cwd, nowMs });
  assert.equal(stderr, '');
  assert.deepEqual(readdirSync(cwd, { recursive: true }).sort(), before, 'it leaves nothing behind');
  const checks = jsonLines(stdout) as Found[];
  return { checks, exitCode, failed: checks.filter(({ level }) => level === 'fail') };
}

/** Directories as after a first start. */
function prepared(context: TestContext): { cwd: string; args: string[] } {
  const cwd = tempDir(context);
  for (const name of ['in/sub', 'warehouse', 'manifests', 'state'])
    mkdirSync(join(cwd, name), { recursive: true });
  const args = [
    '--input',
    'in',
    '--warehouse',
    'warehouse',
    '--manifests',
    'manifests',
    '--state-path',
    'state/w.db',
  ];
  return { cwd, args };
}

const of = (checks: readonly Found[], name: string) => checks.filter(({ check }) => check === name);

test('a machine where all is well has no failure, and each thing is looked at', async (context) => {
  const { cwd, args } = prepared(context);
  const { checks, exitCode, failed } = await doctor(args, cwd);
  assert.deepEqual([failed, exitCode], [[], 0]);
  const names = new Set(checks.map(({ check }) => check));
  for (const name of [
    'node',
    'open-files',
    'input',
    'warehouse',
    'manifests',
    'state',
    'state-file',
    'file-system',
  ]) {
    assert.ok(names.has(name), name);
  }
  for (const name of [
    'move',
    'no-replace',
    'lease',
    'inotify',
    'inotify-watches',
    'clock',
    'space',
    'fsync',
  ]) {
    assert.ok(names.has(name), name);
  }
  assert.match(of(checks, 'inotify-watches')[0]?.what ?? '', /^2 of /, 'the input and its subdirectory');
  assert.match(of(checks, 'move')[0]?.what ?? '', /by rename/);
  for (const { level, mend } of checks) assert.equal(mend === null, level === 'ok');
});

test('before the first start, what start makes is no failure', async (context) => {
  const cwd = tempDir(context);
  const { checks, failed } = await doctor([], cwd);
  assert.deepEqual(failed, []);
  assert.match(of(checks, 'warehouse')[0]?.what ?? '', /is made when it starts$/);
  assert.deepEqual(readdirSync(cwd), []);
});

test('an input that is missing, or is a file, fails, and the program would not start', async (context) => {
  const { cwd, args } = prepared(context);
  rmSync(join(cwd, 'in'), { recursive: true });
  const missing = await doctor(args, cwd);
  assert.equal(missing.exitCode, 5);
  assert.deepEqual(missing.failed, [
    {
      level: 'fail',
      check: 'input',
      what: `input ${cwd}/in does not exist`,
      mend: 'make it, or give another with --input',
    },
  ]);
  writeFileSync(join(cwd, 'in'), '');
  const file = await doctor(args, cwd);
  assert.deepEqual(
    file.failed.map(({ what }) => what),
    [`input ${cwd}/in is not a directory`],
  );
});

test('a place that cannot be written to fails with its mend', async (context) => {
  const { cwd, args } = prepared(context);
  writeFileSync(join(cwd, 'file'), '');
  const { failed, exitCode } = await doctor([...args, '--manifests', 'file/manifests'], cwd);
  assert.equal(exitCode, 5);
  assert.deepEqual(
    failed.map(({ check, mend }) => [check, mend]),
    [['manifests', 'give another with --manifests, or remove the file that is in its way']],
  );
});

test('a state file that is another program’s, or a newer version’s, fails', async (context) => {
  const { cwd, args } = prepared(context);
  writeFileSync(join(cwd, 'state/w.db'), 'not a database at all');
  const foreign = await doctor(args, cwd);
  assert.deepEqual(
    foreign.failed.map(({ check }) => check),
    ['state-file'],
  );
  assert.match(foreign.failed[0]?.what ?? '', /is not a SQLite file/);

  const { statePath, state } = makeState(context);
  state.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  const newer = await cli(['doctor', ...args, '--state-path', statePath], { cwd });
  assert.equal(newer.exitCode, 5);
  assert.match(
    newer.stdout,
    /^fail {2}the state file .* made by a newer wharfinger.* — run the newer wharfinger/m,
  );
});

test('a warehouse that has lost its mark is not mounted', async (context) => {
  const { cwd, args } = prepared(context);
  const fixture = makeState(context);
  new Routes(fixture.state).setMarked(fixture.routeId);
  const marked = [...args, '--state-path', fixture.statePath];
  const lost = await doctor(marked, cwd);
  assert.deepEqual(
    lost.failed.map(({ check, mend }) => [check, mend]),
    [['mark', `mount it, or, if this directory is right, run: touch '${fixture.warehouse}/.wharfinger'`]],
  );
  writeFileSync(join(fixture.warehouse, '.wharfinger'), '');
  assert.deepEqual((await doctor(marked, cwd)).failed, []);
});

test('a warehouse on another file system is said to cost a copy, one in memory to be gone', {
  skip: !otherFileSystem() && 'no other file system here',
}, async (context) => {
  const { cwd, args } = prepared(context);
  const other = mkdtempSync('/dev/shm/wharfinger-test-');
  context.after(() => rmSync(other, { recursive: true }));
  const { checks, exitCode } = await doctor([...args, '--warehouse', `${other}/warehouse`], cwd);
  assert.equal(exitCode, 0);
  const [move] = of(checks, 'move');
  assert.equal(move?.level, 'warn');
  assert.match(move.what, /on another file system .*: each file is copied/);
  assert.ok(
    of(checks, 'file-system').some(
      ({ level, what }) => level === 'warn' && /warehouse .* on tmpfs: in memory/.test(what),
    ),
  );
  assert.deepEqual(readdirSync(other), []);
});

function otherFileSystem(): boolean {
  return existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(tmpdir()).dev;
}

test('a clock that is wrong fails, one that is away from the files’ is said to cost a second look', async (context) => {
  const { cwd, args } = prepared(context);
  const epoch = await doctor(args, cwd, 5000);
  assert.deepEqual(
    epoch.failed.map(({ check }) => check),
    ['clock'],
  );
  const ahead = await doctor(args, cwd, Date.now() + 60_000);
  assert.equal(of(ahead.checks, 'clock')[0]?.level, 'warn');
});

test('without events to count on, their limits are not looked at', async (context) => {
  const { cwd, args } = prepared(context);
  const { checks } = await doctor([...args, '--watch', 'poll'], cwd);
  assert.deepEqual(of(checks, 'inotify'), []);
});

test('for a person each check is one line', async (context) => {
  const { cwd, args } = prepared(context);
  const { stdout } = await cli(['doctor', ...args, '--warehouse', 'nl\nwarehouse'], { cwd });
  for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^(ok {4}|warn {2}|fail {2})\S/);
});

/** A config file whose one route loads into these targets. */
function loading(context: TestContext, ...targets: readonly string[]): { cwd: string; args: string[] } {
  const { cwd } = prepared(context);
  const sinks = targets.map((target, index) => ({
    type: 'load',
    name: `s${index}`,
    table: 'orders',
    target,
  }));
  const places = { state_path: 'state/w.db', warehouse: 'warehouse', manifests: 'manifests' };
  writeFileSync(join(cwd, 'c.yaml'), JSON.stringify({ ...places, routes: [{ input: 'in', sinks }] }));
  return { cwd, args: ['--config', join(cwd, 'c.yaml')] };
}

test('what loading into tables needs is tried, where anything is loaded', async (context) => {
  const { cwd, args } = loading(context, 'duckdb:state/t.duckdb', 'parquet:lake');
  const { checks, exitCode } = await doctor(args, cwd);
  assert.equal(exitCode, 0);
  assert.deepEqual(
    of(checks, 'duckdb').map(({ level }) => level),
    ['ok'],
  );
  assert.equal(of(checks, 'memory').length, 1);
  assert.deepEqual(
    of(checks, 'target').map(({ level }) => level),
    ['ok', 'ok', 'ok'],
  );
  const without = prepared(context);
  const { checks: others } = await doctor(without.args, without.cwd);
  assert.deepEqual([...of(others, 'duckdb'), ...of(others, 'target')], []);
});

test('a file that is no DuckDB file, a directory that cannot be one, and a server that does not answer fail', async (context) => {
  const { cwd, args } = loading(
    context,
    'duckdb:c.yaml',
    'parquet:c.yaml/lake',
    'postgres://etl@127.0.0.1:1/lake?sslmode=disable',
  );
  const { checks, exitCode, failed } = await doctor(args, cwd);
  assert.equal(exitCode, 5);
  assert.equal(
    failed.filter(({ check }) => check === 'target').length,
    3,
    JSON.stringify(of(checks, 'target')),
  );
  for (const { mend } of failed) assert.ok(mend);
});
