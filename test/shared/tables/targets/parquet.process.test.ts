import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileToLoad, rowsOfText } from './load-lab.ts';
import { parquetLab } from './parquet-lab.ts';

const FIXTURE = join(import.meta.dirname, 'fixtures/loads-until-killed.ts');
const DAY = 'ingest_date=2024-11-02';
const TEXT = `${rowsOfText(100)}x,Ann\n`;

const KILLS = [
  { point: 'parquet.written', isPublished: false },
  { point: 'parquet.planned', isPublished: false },
  // After the name of the rejects, and after the name of the data.
  { point: 'parquet.renamed', isPublished: false },
  { point: 'parquet.renamed:2', isPublished: true },
  { point: 'parquet.published', isPublished: true },
];

for (const { point, isPublished } of KILLS) {
  test(`after a kill at ${point} the next holder finds the load ${isPublished ? 'whole' : 'not begun'}, and nothing twice`, async (t) => {
    const { scratch, directory, statePath, load, read, names, plans } = parquetLab(t);
    const csv = join(scratch, '1.csv');
    writeFileSync(csv, TEXT);
    const args = [FIXTURE, 'parquet', directory, csv, point, statePath];
    const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
    assert.equal(signal, 'SIGKILL', stderr);
    const numbers = [{ fileId: 1, rows: 100, rejects: 1 }];
    assert.deepEqual(
      await load([[fileToLoad(scratch, 1, TEXT)]]),
      isPublished ? { loaded: [], present: numbers } : { loaded: numbers, present: [] },
    );
    assert.deepEqual(names(), [`people/${DAY}/part-1-*.parquet`, `people_rejects/${DAY}/part-1-*.parquet`]);
    assert.deepEqual(await read('SELECT count(*), count(DISTINCT id)'), [['100', '100']]);
    assert.deepEqual(await read('SELECT count(*)', 'people_rejects'), [['1']]);
    assert.equal(plans(), 0);
  });
}
