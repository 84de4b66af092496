import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Totals } from '../../../shared/ledger/totals.ts';
import type { State } from '../../../shared/state/open.ts';
import { emptyState } from './fixture.ts';

const SECOND = 1_700_000_000;
const seconds = (state: State) =>
  state.prepare('SELECT second, files, bytes FROM throughput ORDER BY second').all();

test('what is committed is summed in all, and by the second', (t) => {
  const state = emptyState(t);
  const totals = new Totals(state);
  totals.add({ files: 2, bytes: 30, duplicates: 1 }, SECOND * 1000 + 10);
  totals.add({ files: 1, bytes: 5, duplicates: 0 }, SECOND * 1000 + 990);
  totals.add({ files: 0, bytes: 0, duplicates: 4 }, SECOND * 1000 + 1000);
  assert.deepEqual(
    state.prepare('SELECT committed_files, committed_bytes, duplicate_files FROM totals').all(),
    [{ committed_files: 3, committed_bytes: 35, duplicate_files: 5 }],
  );
  assert.deepEqual(seconds(state), [
    { second: SECOND, files: 3, bytes: 35 },
    { second: SECOND + 1, files: 0, bytes: 0 },
  ]);
});

test('seconds long past are forgotten, the sums are not', (t) => {
  const state = emptyState(t);
  const totals = new Totals(state);
  for (const later of [0, 600, 601])
    totals.add({ files: 1, bytes: 1, duplicates: 0 }, (SECOND + later) * 1000);
  assert.equal(seconds(state).length, 2);
  assert.equal(state.prepare<[], number>('SELECT committed_files FROM totals').pluck().get(), 3);
});
