import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDuckDBTarget } from '../../../../shared/tables/targets/duckdb.ts';
import { tempDir } from '../../../support/temp.ts';
import { closing, fileToLoad, loadOf, readDuckDB, rowsOfText } from './load-lab.ts';

const FIXTURE = join(import.meta.dirname, 'fixtures/loads-until-killed.ts');

const TEXT = `${rowsOfText(100)}x,Ann\n`;

function setUp(t: TestContext) {
  const directory = tempDir(t);
  const [path, csv] = [join(directory, 'tables.duckdb'), join(directory, '1.csv')];
  writeFileSync(csv, TEXT);
  const open = () => openDuckDBTarget({ path, scratch: directory, threads: 2, memoryMiB: 256 });
  return { directory, path, csv, open };
}

const KILLS = [
  { point: 'load.in-transaction', isLoaded: false },
  { point: 'load.before-commit', isLoaded: false },
  { point: 'load.committed', isLoaded: true },
];

for (const { point, isLoaded } of KILLS) {
  test(`a process that is killed at ${point} leaves ${isLoaded ? 'the whole load and its record' : 'nothing of the load'}`, async (t) => {
    const { directory, path, csv, open } = setUp(t);
    const { signal, stderr } = spawnSync(process.execPath, [FIXTURE, 'duckdb', path, csv, point], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(signal, 'SIGKILL', stderr);
    const target = await closing(t, open());
    const numbers = [{ fileId: 1, rows: 100, rejects: 1 }];
    assert.deepEqual(
      await target.load(loadOf([fileToLoad(directory, 1, TEXT)])),
      isLoaded ? { loaded: [], present: numbers } : { loaded: numbers, present: [] },
    );
    await target.close();
    const counts = `SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM wharfinger_loads), (SELECT count(*) FROM wharfinger_rejects)`;
    assert.deepEqual(await readDuckDB(path, counts), [['100', '1', '1']]);
  });
}

test('a file that another process has open is busy, and free when that one is gone', async (t) => {
  const { path, csv, open } = setUp(t);
  const child = spawn(process.execPath, [FIXTURE, 'duckdb', path, csv, 'wait'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  await assert.rejects(open(), { trouble: 'busy', code: 'load.target-busy' });
  // Who was refused must not have taken the lock of the other away.
  await assert.rejects(open(), { trouble: 'busy', code: 'load.target-busy' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await open()).close();
});
