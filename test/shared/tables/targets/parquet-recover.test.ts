import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LeaseLostError } from '../../../../shared/errors.ts';
import { Contents } from '../../../../shared/tables/contents.ts';
import { type LoadCrashPoint, noLoadCrashPoints } from '../../../../shared/tables/load-crash-points.ts';
import { Publications } from '../../../../shared/tables/publications.ts';
import { ParquetOwner } from '../../../../shared/tables/targets/parquet-owner.ts';
import { settlePlan } from '../../../../shared/tables/targets/parquet-publish.ts';
import type { Recovery } from '../../../../shared/tables/targets/target.ts';
import { fileToLoad, loadOf, rowsOfText } from './load-lab.ts';
import { parquetLab } from './parquet-lab.ts';

const DAY = 'ingest_date=2024-11-02';
const TEXT = `${rowsOfText(3)}x,Ann\n`;

/** Where a holder of task 1 dies, how often it has passed the point then, and whether its data has its name. */
const DEATHS: { point: LoadCrashPoint; times: number; isPublished: boolean }[] = [
  { point: 'parquet.planned', times: 1, isPublished: false },
  { point: 'parquet.renamed', times: 1, isPublished: false },
  { point: 'parquet.renamed', times: 2, isPublished: true },
];

/** Task 1 was being published when its holder died. */
async function afterDeath(t: TestContext, { point, times }: { point: LoadCrashPoint; times: number }) {
  const lab = parquetLab(t);
  let passed = 0;
  const crash = {
    reach(reached: LoadCrashPoint) {
      if (reached === point) passed += 1;
      if (passed === times) throw new Error('killed');
    },
  };
  await assert.rejects(lab.load([[fileToLoad(lab.scratch, 1, TEXT)]], { crash }), /killed/);
  const recovery = { table: 'people', taskIds: [1], assertHeld: () => undefined };
  return {
    ...lab,
    recover: (more: Partial<Recovery> = {}) =>
      lab.using(async (target) => target.recover?.({ ...recovery, ...more })),
    published: () => lab.state.prepare('SELECT published FROM load_contents').pluck().all(),
  };
}

for (const death of DEATHS) {
  const { point, times, isPublished } = death;
  const title = `${point} (${times})`;

  test(`the plan of a task in hand whose holder died at ${title} is settled without its files`, async (t) => {
    const { recover, plans, published, names } = await afterDeath(t, death);
    await recover();
    await recover();
    assert.equal(plans(), 0);
    assert.deepEqual(published(), isPublished ? [1] : []);
    assert.equal(names().length, isPublished ? 2 : 0);
  });

  test(`the plan of a task that failed after its holder died at ${title} holds nobody back`, async (t) => {
    const { scratch, load, plans, names, read, hold, letGo } = await afterDeath(t, death);
    hold(1);
    letGo(1);
    const same = fileToLoad(scratch, 2, TEXT, { taskId: 2 });
    const other = fileToLoad(scratch, 3, rowsOfText(2, 10), { taskId: 3 });
    const numbers = { fileId: 2, rows: 3, rejects: 1 };
    const { loaded, present, later } = await load([[same, other]]);
    assert.deepEqual(
      loaded.map(({ fileId }) => fileId),
      isPublished ? [3] : [2, 3],
    );
    assert.deepEqual(present, isPublished ? [numbers] : []);
    assert.equal(later, undefined);
    assert.equal(plans(), 0);
    assert.deepEqual(await read('SELECT count(*), count(DISTINCT id)'), [['5', '5']]);
    assert.deepEqual(await read('SELECT count(*)', 'people_rejects'), [['1']]);
    assert.equal(names().length, 3);
  });
}

test('the plan of a task that another worker has is left to it', async (t) => {
  const { scratch, load, plans, read, hold, letGo } = await afterDeath(t, {
    point: 'parquet.renamed',
    times: 2,
  });
  hold(1);
  const same = fileToLoad(scratch, 2, TEXT, { taskId: 2 });
  assert.deepEqual((await load([[same]])).later, [2]);
  assert.equal(plans(), 1);
  letGo(1, 'ready');
  assert.deepEqual((await load([[same]])).present, [{ fileId: 2, rows: 3, rejects: 1 }]);
  assert.deepEqual(await read('SELECT count(*)'), [['3']]);
});

test('a plan that its task has made anew meanwhile is left as it is', async (t) => {
  const { state } = await afterDeath(t, { point: 'parquet.planned', times: 1 });
  const contents = new Contents(state);
  const publications = new Publications(state);
  const { target, table } = publications.of(1) ?? assert.fail();
  const anew = { target, table, data: { from: 'people/.anew.tmp', to: `people/${DAY}/anew.parquet` } };
  const sha256 = 'ab'.repeat(32);
  /** Between the look at the plan and what is done with it, the task is claimed, settled and planned again. */
  class LateOwner extends ParquetOwner {
    override ensure(): void {
      publications.end(1);
      contents.withdraw(1);
      publications.add(1, anew);
      contents.add({ target, table }, { sha256, taskId: 1, rows: 1, rejects: 0, file: 'anew' });
    }
  }
  const owner = new LateOwner(state, contents);
  const options = { state, contents, publications, owner, crash: noLoadCrashPoints };
  settlePlan(options, { assertHeld: () => undefined }, 1);
  assert.deepEqual(publications.of(1), anew);
  assert.equal(contents.of({ target, table }, sha256)?.isPublished, false);
});

test('who has lost the lease, or does not see the directory, settles no plan', async (t) => {
  const { directory, recover, plans, published, names } = await afterDeath(t, {
    point: 'parquet.renamed',
    times: 2,
  });
  const lost = () => {
    throw new LeaseLostError(1);
  };
  await assert.rejects(recover({ assertHeld: lost }), LeaseLostError);
  renameSync(directory, `${directory}.away`);
  await assert.rejects(recover(), { trouble: 'away', code: 'load.unmarked' });
  mkdirSync(directory);
  await assert.rejects(recover(), { trouble: 'away', code: 'load.unmarked' });
  renameSync(`${directory}.away`, directory);
  assert.equal(plans(), 1);
  await recover();
  assert.deepEqual(published(), [1]);
  assert.equal(names().length, 2);
});

test('what was written and never planned goes, also where no file of the task can be read any more', async (t) => {
  const { using, directory } = parquetLab(t);
  mkdirSync(join(directory, 'people', DAY), { recursive: true });
  const left = (task: number) => `.wharfinger-${task}-00000000.tmp`;
  for (const task of [1, 2]) writeFileSync(join(directory, 'people', left(task)), 'half');
  const lost = () => {
    throw new LeaseLostError(1);
  };
  // They may be the next holder's by now.
  await assert.rejects(
    using(async (target) => target.recover?.({ table: 'people', taskIds: [1], assertHeld: lost })),
    LeaseLostError,
  );
  assert.equal(readdirSync(join(directory, 'people')).length, 3);
  const { assertHeld } = loadOf([]);
  await using(async (target) => target.recover?.({ table: 'people', taskIds: [1], assertHeld }));
  assert.deepEqual(readdirSync(join(directory, 'people')), [left(2), DAY]);
});
