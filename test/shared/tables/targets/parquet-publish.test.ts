import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { test } from 'node:test';
import { LeaseLostError } from '../../../../shared/errors.ts';
import { Contents } from '../../../../shared/tables/contents.ts';
import type { LoadCrashPoint } from '../../../../shared/tables/load-crash-points.ts';
import { noLoadCrashPoints } from '../../../../shared/tables/load-crash-points.ts';
import { Publications } from '../../../../shared/tables/publications.ts';
import { ParquetOwner } from '../../../../shared/tables/targets/parquet-owner.ts';
import { settlePlan, sweepTemporaries } from '../../../../shared/tables/targets/parquet-publish.ts';
import { fileToLoad, rowsOfText } from './load-lab.ts';
import { parquetLab } from './parquet-lab.ts';

const DAY = 'ingest_date=2024-11-02';
const TEXT = `${rowsOfText(3)}x,Ann\n`;
const NUMBERS = [{ fileId: 1, rows: 3, rejects: 1 }];

/** Where a holder is frozen, how often it has passed the point then, and what the next holder finds. */
const FREEZES: { point: LoadCrashPoint; times: number; isPublished: boolean }[] = [
  { point: 'parquet.written', times: 1, isPublished: false },
  { point: 'parquet.planned', times: 1, isPublished: false },
  { point: 'parquet.renamed', times: 1, isPublished: false },
  { point: 'parquet.renamed', times: 2, isPublished: true },
];

for (const { point, times, isPublished } of FREEZES) {
  test(`a holder that was frozen at ${point} (${times}) and followed publishes nothing more when it wakes`, async (t) => {
    const { scratch, directory, load, read, names, plans, otherState } = parquetLab(t);
    const other = otherState();
    const contents = new Contents(other);
    const following = {
      state: other,
      contents,
      publications: new Publications(other),
      owner: new ParquetOwner(other, contents),
      crash: noLoadCrashPoints,
    };
    const file = fileToLoad(scratch, 1, TEXT);
    let passed = 0;
    let isHeld = true;
    const crash = {
      reach(reached: LoadCrashPoint) {
        if (reached !== point) return;
        passed += 1;
        if (passed !== times) return;
        isHeld = false;
        const hadPlan = point !== 'parquet.written';
        assert.equal(
          settlePlan(following, { assertHeld: () => undefined }, 1),
          hadPlan ? isPublished : undefined,
        );
        sweepTemporaries(directory, 'people', 1);
      },
    };
    const assertHeld = () => {
      if (!isHeld) throw new LeaseLostError(1);
    };
    await assert.rejects(load([[file], { assertHeld }], { crash }), LeaseLostError);
    assert.equal(passed >= times, true);
    assert.deepEqual(
      names(),
      isPublished ? [`people/${DAY}/part-1-*.parquet`, `people_rejects/${DAY}/part-1-*.parquet`] : [],
    );
    assert.deepEqual(
      await load([[file]]),
      isPublished ? { loaded: [], present: NUMBERS } : { loaded: NUMBERS, present: [] },
    );
    assert.deepEqual(await read('SELECT count(*)'), [['3']]);
    assert.deepEqual(await read('SELECT count(*)', 'people_rejects'), [['1']]);
    assert.equal(plans(), 0);
  });
}

test('a disk that fails between two names leaves nothing, and the same holder loads it again', async (t) => {
  const { scratch, load, read, names, plans } = parquetLab(t);
  const file = fileToLoad(scratch, 1, TEXT);
  const failed = Object.assign(new Error('EIO: i/o error, rename'), { code: 'EIO' });
  const crash = {
    reach(reached: LoadCrashPoint) {
      if (reached === 'parquet.renamed') throw failed;
    },
  };
  await assert.rejects(load([[file]], { crash }), { trouble: 'away', cause: failed });
  assert.deepEqual(names(), []);
  assert.equal(plans(), 0);
  assert.deepEqual((await load([[file]])).loaded, NUMBERS);
  assert.deepEqual(await read('SELECT count(*)'), [['3']]);
});

test('where the data has its name when the disk fails, the load is done', async (t) => {
  const { scratch, load, read } = parquetLab(t);
  let renames = 0;
  const crash = {
    reach(reached: LoadCrashPoint) {
      if (reached === 'parquet.renamed') renames += 1;
      if (renames === 2) throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
    },
  };
  const { loaded } = await load([[fileToLoad(scratch, 1, TEXT)]], { crash });
  assert.deepEqual(loaded, NUMBERS);
  assert.deepEqual(await read('SELECT count(*)'), [['3']]);
});

test('a plan is not judged where its file system is not mounted', async (t) => {
  const { scratch, load, directory, state, plans } = parquetLab(t);
  const contents = new Contents(state);
  const options = {
    state,
    contents,
    publications: new Publications(state),
    owner: new ParquetOwner(state, contents),
    crash: noLoadCrashPoints,
  };
  const crash = {
    reach(reached: LoadCrashPoint) {
      if (reached === 'parquet.renamed') throw new Error('killed');
    },
  };
  await assert.rejects(load([[fileToLoad(scratch, 1, rowsOfText(3))]], { crash }), /killed/);
  renameSync(directory, `${directory}.away`);
  const held = { assertHeld: () => undefined };
  assert.throws(() => settlePlan(options, held, 1), { code: 'load.unmarked' });
  assert.equal(plans(), 1);
  renameSync(`${directory}.away`, directory);
  assert.equal(settlePlan(options, held, 1), true);
});

test('a name that is taken is never planned', async (t) => {
  const { scratch, load, read, plans } = parquetLab(t);
  const random = () => '00000000';
  await load([[fileToLoad(scratch, 1, rowsOfText(3))]], { random });
  await assert.rejects(load([[fileToLoad(scratch, 2, rowsOfText(2, 10))]], { random }), /is there already/);
  assert.equal(plans(), 0);
  assert.deepEqual(await read('SELECT count(*)'), [['3']]);
});
