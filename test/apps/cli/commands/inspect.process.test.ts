import assert from 'node:assert/strict';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonLines } from '../../../support/cli.ts';
import { type Exit, runProgram } from '../../../support/program.ts';
import { sha256Of, Wharf } from '../../../support/wharf.ts';

test('what a real run leaves behind is counted, verified and traced', async (context) => {
  const wharf = new Wharf(context);
  const run = async (...args: string[]): Promise<Exit> =>
    await runProgram([...args, '--state-path', wharf.state]);
  for (let n = 0; n < 40; n += 1) wharf.drop(`sub-${n % 3}/file ${n}.csv`, `content of ${n}\n`);
  const large = wharf.drop('large.bin', 'x'.repeat(5 << 20));
  const again = wharf.drop('again.csv', 'content of 1\n');
  const half = join(wharf.input, 'half.csv.part');
  wharf.drop('half.csv.part', 'half');
  symlinkSync(large, join(wharf.input, 'link'));
  const started = await wharf.once();
  assert.equal(started.code, 0, started.stderr);

  const stats = JSON.parse((await run('queue', 'stats', '--json')).stdout);
  assert.deepEqual([stats.committed, stats.duplicates, stats.depth, stats.failed], [41, 1, 0, 0]);
  assert.deepEqual([stats.leases, stats.kinds], [[], {}]);
  assert.equal((await run('queue', 'list', '--json')).stdout, '');

  const verified = await run('verify', '--deep', '--json');
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const [summary, ...findings] = jsonLines(verified.stdout).reverse();
  assert.deepEqual(findings, []);
  assert.deepEqual(
    [
      summary?.committed,
      summary?.lines,
      summary?.duplicates,
      summary?.warehouse_files,
      summary?.rehashed_files,
    ],
    [41, 41, 1, 42, 42],
  );

  const traced = JSON.parse((await run('trace', large, '--json')).stdout);
  const [custody] = traced.custody;
  assert.equal(custody.sha256, sha256Of('x'.repeat(5 << 20)));
  const line = readFileSync(custody.manifest.path, 'utf8').split('\n')[custody.manifest.line - 1];
  assert.equal(JSON.parse(line ?? '').id, custody.id);
  const [repeated] = JSON.parse((await run('trace', again, '--json')).stdout).custody;
  assert.equal(repeated.sha256, sha256Of('content of 1\n'));
  assert.equal(repeated.duplicates.length, 1);
  assert.match((await run('trace', half)).stdout, /its name ends with \.part/);

  rmSync(custody.path);
  const disagreed = await run('verify', '--json');
  assert.equal(disagreed.code, 4);
  assert.deepEqual(jsonLines(disagreed.stdout).map(({ problem, id }) => [problem, id])[0], [
    'missing-file',
    custody.id,
  ]);
});

test('stats and verify may look while files are taken, and find nothing wrong', async (context) => {
  const wharf = new Wharf(context);
  for (let n = 0; n < 400; n += 1) wharf.drop(`file-${n}`, `content of ${n}`);
  await using program = wharf.start();
  await program.waitFor('file.ingested');
  for (let committed = 0, looked = 0; committed < 400 || looked < 3; looked += 1) {
    const [verified, stats] = await Promise.all([
      runProgram(['verify', '--deep', '--state-path', wharf.state]),
      runProgram(['queue', 'stats', '--json', '--state-path', wharf.state]),
    ]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    ({ committed } = JSON.parse(stats.stdout));
  }
  program.child.kill('SIGTERM');
  assert.equal((await program.exited).code, 0);
});
