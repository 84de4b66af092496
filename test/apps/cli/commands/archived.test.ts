import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ArchiveSink } from '../../../../shared/config/settings.ts';
import { ArchiveCustody } from '../../../support/archive-custody.ts';
import { cli, jsonLines } from '../../../support/cli.ts';
import { sha256Of } from '../../../support/custody.ts';

async function archived(t: TestContext, over: Partial<ArchiveSink> = {}) {
  const yard = new ArchiveCustody(t, { sinks: [over] });
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two!' });
  const run = (...args: string[]) => cli([...args, '--state-path', yard.custody.statePath]);
  return { yard, run };
}

test('trace tells in which archive a file is', async (t) => {
  const { yard, run } = await archived(t, { release: true });
  await yard.hand.run();
  const { stdout } = await run('trace', sha256Of('one'));
  assert.match(stdout, / {2}now there {3}nothing is there: released\n/);
  const at = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC';
  const expected = [
    '\nin an archive',
    `  archive     ${yard.base}/all.zip`,
    '  member      a.csv',
    `  state       published ${at}`,
    `  released    ${at}: the warehouse copy was removed`,
    '  sink        archive-0\n$',
  ];
  assert.match(stdout, new RegExp(expected.join('\n')));
});

test('trace tells where a file waits that is not yet in its archive', async (t) => {
  const { yard, run } = await archived(t);
  await yard.hand.step('archive');
  const { stdout } = await run('trace', sha256Of('one'));
  assert.match(stdout, /\n {2}state {7}staged [^\n]* in inbox\/[^\n]*, not yet seen in its archive\n/);
  const [json] = jsonLines((await run('trace', '--json', sha256Of('one'))).stdout) as {
    custody: { archives: Record<string, unknown>[] }[];
  }[];
  const [deposit] = json?.custody[0]?.archives ?? [];
  assert.deepEqual(
    [deposit?.archive, deposit?.member, deposit?.state, deposit?.volume, deposit?.released_at],
    ['all.zip', 'a.csv', 'staged', null, null],
  );
});

test('queue stats tells how many files wait to be published, and how many are', async (t) => {
  const { yard, run } = await archived(t);
  await yard.hand.step('archive');
  assert.match(
    (await run('queue', 'stats')).stdout,
    /files to publish {2}2 {2}oldest deposited \d+ s ago\nfiles archived {4}0 {2}0 B\n/,
  );
  await yard.hand.run();
  assert.match((await run('queue', 'stats')).stdout, /files to publish {2}0\nfiles archived {4}2 {2}7 B\n/);
  const [json] = jsonLines((await run('queue', 'stats', '--json')).stdout) as { archives: unknown }[];
  assert.deepEqual(json?.archives, {
    waiting_files: 0,
    oldest_waiting_seconds: null,
    archived_files: 2,
    archived_bytes: 7,
  });
});

test('verify looks into archives, and does not where it is told so', async (t) => {
  const { yard, run } = await archived(t);
  await yard.hand.run();
  assert.match(
    (await run('verify')).stdout,
    /^all agree: 2 files \(7 B\), 2 records in 1 manifest, 2 archived files\n$/,
  );
  assert.match((await run('verify', '--deep')).stdout, /\nread again in archives: 2 members\n/);
  rmSync(join(yard.base, 'all.zip'));
  const found = await run('verify');
  assert.equal(found.exitCode, 4);
  assert.match(
    found.stdout,
    /^missing-member #1 {2}.*\/archives\/all\.zip\/a\.csv {2}in no volume of all\.zip\n/,
  );
  assert.equal((await run('verify', '--no-archives')).exitCode, 0);
});

test('a base that is away is a note of verify', async (t) => {
  const { yard, run } = await archived(t);
  await yard.hand.run();
  renameSync(yard.base, `${yard.base}.away`);
  const { stdout, exitCode } = await run('verify');
  assert.equal(exitCode, 0);
  assert.match(stdout, /^note: .*\/archives: its archives were not compared: ENOENT/);
});

test('jobs of archives are listed by their kind, and retried', async (t) => {
  const { yard, run } = await archived(t);
  renameSync(yard.base, `${yard.base}.away`);
  await yard.hand.step('archive');
  const listed = jsonLines((await run('queue', 'list', '--kind', 'archive', '--json')).stdout);
  assert.deepEqual(
    listed.map(({ kind, state }) => [kind, state]),
    [
      ['archive', 'delayed'],
      ['archive', 'delayed'],
    ],
  );
  renameSync(`${yard.base}.away`, yard.base);
  yard.hand.clock.forward(2000);
  assert.equal((await run('queue', 'retry', '--delayed')).exitCode, 0);
  await yard.hand.run();
  assert.deepEqual(yard.jobs(), []);
});
