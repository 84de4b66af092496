import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { join, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { PROBLEMS } from '../../../../shared/ledger/verify/finding.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { commitFile, decideFile, makeState } from '../../../support/state.ts';

test('verify exits 0 where all agrees, and says what it compared', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'a', { content: 'aa' });
  commitFile(fixture, 'b', { content: 'bbb' });
  decideFile(fixture, 'c');
  const { stdout, stderr, exitCode } = await cli(['verify', '--deep', '--state-path', fixture.statePath]);
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.equal(
    stdout,
    'all agree: 2 files (5 B), 2 records in 1 manifest\nread again: 2 files, 5 B\nin flight, not looked at: 1\n',
  );
});

test('verify exits 4 at a disagreement, one line each', async (context) => {
  const fixture = makeState(context);
  const a = commitFile(fixture, 'a\nb', { content: 'aa' });
  const b = commitFile(fixture, 'b', { content: 'bb' });
  rmSync(toBytes(a.destination));
  writeFileSync(toBytes(b.destination), 'bbb');
  const { stdout, exitCode } = await cli(['verify', '--state-path', fixture.statePath]);
  assert.equal(exitCode, 4);
  assert.equal(
    stdout,
    `\
wrong-size #2  ${b.destination}  3 bytes, should be 2
missing-file #1  ${a.destination.replace('\n', '\\n')}  2 bytes were placed here
2 disagreements: 2 files (4 B), 2 records in 1 manifest
  1 wrong-size: ${PROBLEMS['wrong-size']}
  1 missing-file: ${PROBLEMS['missing-file']}
`,
  );
});

test('verify --json has the documented keys, and the summary last', async (context) => {
  const fixture = makeState(context);
  const a = commitFile(fixture, 'a', { content: 'aa' });
  const path = join(fixture.manifests, '2024/11/02/10/manifest.jsonl');
  rmSync(toBytes(a.destination));
  writeFileSync(toBytes(path), 'torn', { flag: 'a' });
  const { stdout, exitCode } = await cli(['verify', '--json', '--state-path', fixture.statePath]);
  assert.equal(exitCode, 4);
  const [note, finding, summary] = jsonLines(stdout);
  assert.deepEqual(Object.keys(note ?? {}), ['note', 'path', 'detail']);
  assert.deepEqual(finding, {
    problem: 'missing-file',
    path: a.destination,
    id: a.id,
    detail: '2 bytes were placed here',
  });
  assert.deepEqual(summary, {
    summary: true,
    disagreements: 1,
    problems: { 'missing-file': 1 },
    committed: 1,
    committed_bytes: 2,
    duplicates: 0,
    in_flight: 0,
    manifests: 1,
    lines: 1,
    warehouse_files: 0,
    rehashed_files: 0,
    rehashed_bytes: 0,
    objects: 0,
    tables: 0,
    loads: 0,
    archived: 0,
    staged: 0,
    reread_members: 0,
  });
});

test('verify looks where the directories are now when it is told, relative to the working directory', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'a');
  const cwd = toText(fixture.directory);
  renameSync(toBytes(fixture.warehouse), `${cwd}/moved`);
  renameSync(toBytes(fixture.manifests), `${cwd}/moved-too`);
  const args = ['verify', '--state-path', 'state.db', '--warehouse', 'moved', '--manifests', 'moved-too'];
  assert.equal((await cli(args.slice(0, 3), { cwd })).exitCode, 4);
  assert.equal((await cli(args, { cwd })).exitCode, 0);
});

test('the help of verify names each problem', async () => {
  const { stdout } = await cli(['verify', '--help']);
  for (const problem of Object.keys(PROBLEMS)) assert.match(stdout, new RegExp(`^  ${problem} `, 'm'));
});
