import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Granary, type GranaryOptions } from '../support/granary.ts';
import { cannotMount, mountTmpfs } from '../support/mounts.ts';
import { duckdbPlace, parquetPlace } from '../support/table-places.ts';
import { tempDir } from '../support/temp.ts';
import { filesBelow } from '../support/wharf.ts';

const needsMounts = { skip: cannotMount() ?? false };
const MIB = 1024 * 1024;

/** What is loaded waits while a file system is full, and goes on by itself when there is space. */
async function outlastAFullPlace(granary: Granary, full: string, reason: RegExp): Promise<void> {
  for (let n = 0; n < 3; n++) granary.drop(`f${n}.csv`, n * 100_000, 60_000);
  await using program = granary.run({}, '--workers', '1');
  await program.waitFor(({ event, reason: said }) => event === 'load.waiting' && reason.test(String(said)));
  await granary.until('a task has waited twice', () => granary.jobs().some(({ attempts }) => attempts >= 2));
  execFileSync('mount', ['-o', 'remount,size=256M', full]);
  await granary.until('all is loaded', () => granary.loaded() === 3);
  assert.equal((await program.stop()).code, 0);
  await granary.assertAllLoadedOnce();
}

for (const [name, makePlace] of [
  ['DuckDB', duckdbPlace],
  ['Parquet', parquetPlace],
] as const)
  test(`tasks wait while the disk of ${name} is full, and go on by themselves`, needsMounts, async (t) => {
    const full = mountTmpfs(t, join(tempDir(t), 'target'), MIB);
    const granary = new Granary(t, () => makePlace(full), { sink: { max_rejects: 100_000 } });
    await outlastAFullPlace(granary, full, /there is no space left/);
  });

test('tasks wait while the scratch directory is full, and go on by themselves', needsMounts, async (t) => {
  const root = tempDir(t);
  const full = mountTmpfs(t, join(root, 'state', 'state.db.scratch'), MIB / 4);
  // Latin-1 is loaded from a plain copy, which is made there.
  const sink = { max_rejects: 100_000, schema: { ...SCHEMA, encoding: 'latin-1' } };
  const options: GranaryOptions = { root, sink };
  await outlastAFullPlace(new Granary(t, duckdbPlace, options), full, /space|ENOSPC/i);
});

const SCHEMA = { columns: { id: 'BIGINT', amount: 'BIGINT', note: 'VARCHAR' }, null: ['NA'] };

test('a committed file that is changed or gone before it is loaded fails alone, and is loaded when it is back', async (t) => {
  const granary = new Granary(t, duckdbPlace, { sink: { task_wait_seconds: 3600, task_bytes: '10MiB' } });
  const names = ['changed.csv', 'gone.csv', 'good.csv', 'longer.csv'];
  for (const [n, name] of names.entries()) granary.drop(name, n * 100, 20);
  {
    await using program = granary.run();
    await program.waitFor(() => program.log.filter(({ event }) => event === 'file.ingested').length === 4);
    assert.equal((await program.stop()).code, 0);
  }
  assert.equal(granary.loaded(), 0);
  const at = (name: string): string => {
    const [found = ''] = filesBelow(granary.warehouse).filter((path) => path.endsWith(`/${name}`));
    return join(granary.warehouse, found);
  };
  const [changed, gone, longer] = [at('changed.csv'), at('gone.csv'), at('longer.csv')];
  const contents = [changed, longer].map((path) => [path, readFileSync(path, 'utf8')] as const);
  writeFileSync(changed, readFileSync(changed, 'utf8').replace('note 1', 'nite 1'));
  writeFileSync(longer, '5,5,five\n', { flag: 'a' });
  renameSync(gone, `${gone}-away`);
  const failed = await granary.once();
  assert.equal(failed.code, 3, failed.stderr);
  assert.deepEqual(
    granary.files().map(({ name, state, reason }) => [name, state, reason]),
    [
      [
        'changed.csv',
        'failed',
        'the file in the warehouse is not what was committed; see `wharfinger verify`',
      ],
      ['gone.csv', 'failed', 'it is not there any more'],
      ['good.csv', 'loaded', null],
      [
        'longer.csv',
        'failed',
        'the file in the warehouse is not what was committed; see `wharfinger verify`',
      ],
    ],
  );
  for (const [path, content] of contents) writeFileSync(path, content);
  renameSync(`${gone}-away`, gone);
  assert.match((await granary.command('load', 'retry', '--failed')).stdout, /^3 tasks ready again/);
  const last = await granary.once();
  assert.equal(last.code, 0, last.stderr);
  await granary.assertAllLoadedOnce();
});
