import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fromText } from '../../../../shared/fs/byte-path.ts';
import { Routes } from '../../../../shared/queue/routes.ts';
import { openState } from '../../../../shared/state/open.ts';
import { openDuckDBTarget } from '../../../../shared/tables/targets/duckdb.ts';
import { openParquetTarget } from '../../../../shared/tables/targets/parquet.ts';
import type { Target } from '../../../../shared/tables/targets/target.ts';
import { cannotMount, mountLoop, unmount } from '../../../support/mounts.ts';
import { tempDir } from '../../../support/temp.ts';
import { fileToLoad, loadOf, readAny, readDuckDB, rowsOfText } from './load-lab.ts';
import { addTasks } from './parquet-lab.ts';

const FIXTURE = join(import.meta.dirname, 'fixtures/loads-until-killed.ts');
const ROWS = 20_000;
const TEXT = `${rowsOfText(ROWS)}x,Ann\n`;
const IMAGE_BYTES = 96 * 1024 * 1024;
const needs = { skip: cannotMount() ?? false };

/** Everything but the file that is loaded is on an ext4 whose power goes at a point of a load. */
function setUp(t: TestContext) {
  const outside = tempDir(t);
  const image = join(outside, 'disk.img');
  const disk = mountLoop(t, image, join(outside, 'disk'), 'ext4', IMAGE_BYTES);
  const csv = join(outside, '1.csv');
  writeFileSync(csv, TEXT);
  return {
    disk,
    limits: { scratch: outside, threads: 2, memoryMiB: 256 },
    again: async (target: Target) => {
      try {
        return await target.load(loadOf([fileToLoad(outside, 1, TEXT)]));
      } finally {
        await target.close();
      }
    },
    loadUntil(kind: string, place: string, point: string, statePath: string): void {
      execFileSync('sync');
      const { signal, stderr } = spawnSync(process.execPath, [FIXTURE, kind, place, csv, point, statePath], {
        encoding: 'utf8',
        timeout: 60_000,
        env: { ...process.env, CUT_POWER: disk },
      });
      assert.equal(signal, 'SIGKILL', stderr);
      unmount(disk);
      execFileSync('mount', ['-o', 'loop', image, disk]);
      t.after(() => unmount(disk));
    },
  };
}

const NUMBERS = [{ fileId: 1, rows: ROWS, rejects: 1 }];
const NEW = { loaded: NUMBERS, present: [] };
const PRESENT = { loaded: [], present: NUMBERS };

for (const { point, isLoaded } of [
  { point: 'load.before-commit', isLoaded: false },
  { point: 'load.committed', isLoaded: true },
]) {
  test(
    `a power cut at ${point} leaves ${isLoaded ? 'all' : 'nothing'} of a load in a DuckDB file`,
    needs,
    async (t) => {
      const { disk, limits, again, loadUntil } = setUp(t);
      const path = join(disk, 'tables.duckdb');
      loadUntil('duckdb', path, point, '');
      assert.deepEqual(await again(await openDuckDBTarget({ path, ...limits })), isLoaded ? PRESENT : NEW);
      const counts = `SELECT (SELECT count(DISTINCT id) FROM people), (SELECT count(*) FROM people), (SELECT count(*) FROM wharfinger_rejects)`;
      assert.deepEqual(await readDuckDB(path, counts), [[String(ROWS), String(ROWS), '1']]);
    },
  );
}

for (const point of ['parquet.planned', 'parquet.renamed', 'parquet.renamed:2', 'parquet.published']) {
  test(
    `after a power cut at ${point} a load of Parquet files is there once, its rejects too`,
    needs,
    async (t) => {
      const { disk, limits, again, loadUntil } = setUp(t);
      const [directory, statePath] = [join(disk, 'tables'), join(disk, 'state.db')];
      makeTasks(statePath);
      loadUntil('parquet', directory, point, statePath);
      const state = openState(statePath);
      t.after(() => state.close());
      const result = await again(await openParquetTarget({ directory, state, ...limits }));
      // Whether a name was kept whose directory was not yet fsynced is the file system's to say.
      assert.deepEqual(result, result.loaded.length > 0 && point !== 'parquet.published' ? NEW : PRESENT);
      const of = (table: string) =>
        readAny(`SELECT count(*) FROM read_parquet('${directory}/${table}/**/*.parquet')`);
      assert.deepEqual(await of('people'), [[String(ROWS)]]);
      assert.deepEqual(await of('people_rejects'), [['1']]);
    },
  );
}

function makeTasks(statePath: string): void {
  const state = openState(statePath);
  const place = fromText('/nowhere');
  const routeId = new Routes(state).save({
    name: 'people',
    input: place,
    warehouse: place,
    manifests: place,
    duplicates: place,
    onDuplicate: 'move',
    dedupe: 'content',
    mode: 'stability',
    stabilityMs: 0,
    takes: 'ingest',
  });
  addTasks(state, routeId);
  state.close();
}
