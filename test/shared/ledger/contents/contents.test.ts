import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decision } from '../../../../shared/ledger/ledger.ts';
import type { State } from '../../../../shared/state/open.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { decision } from '../fixture.ts';
import { anyStep, decideIn, Play, type Process, processes, processOn, takeBack } from './play.ts';

const folded = (state: State): unknown[] =>
  state.prepare('SELECT ledger_id FROM contents ORDER BY ledger_id').pluck().all();

test('whoever decides, commits, withdraws, takes back and folds: content is in its scope once, and is known by all', (t) => {
  const all = processes(t, 3, 4);
  const steps = fc.array(anyStep(all.length), { maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(steps, (those) => {
      all[0].state.exec(`
        DELETE FROM ledger;
        DELETE FROM contents;
        UPDATE contents_folded SET ledger_id = 0;
        DELETE FROM sqlite_sequence WHERE name = 'ledger'`);
      const play = new Play(all.map(({ state }) => processOn(state, 4)));
      for (const step of those) play.do(step);
      play.check();
    }),
    { numRuns: 60 },
  );
});

test('a number that a rollback gave back is read again when another process has it', (t) => {
  const [one, two] = processes(t, 2, 100) as [Process, Process];
  takeBack(one, [decision(1, 'x'), decision(2, 'y')]);
  const [first, second] = decideIn(two, [decision(3, 'p'), decision(4, 'q')]);
  assert.deepEqual([first, second], [1, 2], 'the numbers that were taken back');
  two.ledger.commitAll([1, 2], 5);
  assert.deepEqual(decideIn(one, [decision(5, 'q'), decision(6, 'x'), decision(7, 'p')]), [
    'committed',
    3,
    'committed',
  ]);
});

test('rows are folded when there are enough of them, by whoever comes first, and found all the same', (t) => {
  const [one, two] = processes(t, 2, 3) as [Process, Process];
  const [a, b] = decideIn(one, [decision(1, 'a'), decision(2, 'b', { scope: null })]) as number[];
  one.ledger.foldContents();
  assert.deepEqual(folded(one.state), []);
  const [c] = decideIn(two, [decision(3, 'c')]) as number[];
  two.ledger.foldContents();
  assert.deepEqual(folded(one.state), [a, c], 'of a row without a scope nothing is looked for');
  one.ledger.foldContents();
  one.ledger.commitAll([a ?? 0, b ?? 0, c ?? 0], 5);
  for (const process of [one, two]) {
    const again = [decision(4, 'a'), decision(5, 'c'), decision(6, 'b', { scope: null })];
    const answers = decideIn(process, again);
    assert.deepEqual(answers.slice(0, 2), ['committed', 'committed']);
  }
});

test('of many rows that are folded each is found, and in the table the newest are missing', (t) => {
  const [one, two] = processes(t, 2, 100) as [Process, Process];
  const names = Array.from({ length: 330 }, (_, n) => `content ${n}`);
  for (const [n, name] of names.entries()) {
    const [id] = decideIn(one, [decision(n + 1, name)]) as number[];
    one.ledger.commit(id ?? 0, 5);
    one.ledger.foldContents();
  }
  assert.equal(folded(one.state).length, 300);
  const again = names.map((name, n) => decision(1_000 + n, name));
  assert.deepEqual(new Set(decideIn(two, again)), new Set(['committed']));
});

test('a row that is withdrawn leaves nothing behind in the table', (t) => {
  const [one] = processes(t, 1, 2);
  const [a, b] = decideIn(one, [decision(1, 'a'), decision(2, 'b')]) as number[];
  one.ledger.foldContents();
  assert.deepEqual(folded(one.state), [a, b]);
  writeTransaction(one.state, () => one.ledger.withdraw(a ?? 0));
  assert.deepEqual(folded(one.state), [b]);
  assert.deepEqual(decideIn(one, [decision(3, 'a')]), [3]);
});

test('other content with the same first bytes is other content', (t) => {
  const [one] = processes(t, 1, 2);
  const like = (last: number): Buffer => Buffer.concat([Buffer.alloc(31, 0xaa), Buffer.from([last])]);
  const of = (jobId: number, last: number): Decision => decision(jobId, `${jobId}`, { sha256: like(last) });
  assert.deepEqual(decideIn(one, [of(1, 1), of(2, 2)]), [1, 2]);
  one.ledger.foldContents();
  assert.deepEqual(decideIn(one, [of(3, 3), of(4, 1), of(5, 2)]), [3, 'in-flight', 'in-flight']);
  one.ledger.commitAll([1, 2, 3], 5);
  assert.deepEqual(decideIn(one, [of(6, 3), of(7, 2), of(8, 4)]), ['committed', 'committed', 4]);
});
