import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import { type Decision, Ledger } from '../../../shared/ledger/ledger.ts';
import type { State } from '../../../shared/state/open.ts';
import { decision, emptyState } from './fixture.ts';

/** Several statements for many rows, and some rows that are left for statements of one. */
const MANY = 64 * 2 + 7;

/** Decisions of the jobs 1 to `count`, none in another's way but for what is given. */
const decisions = (count: number, fields: (jobId: number) => Partial<Decision> = () => ({})): Decision[] =>
  Array.from({ length: count }, (_, n) => decision(n + 1, `content ${n + 1}`, fields(n + 1)));

const countOf = (state: State) => state.prepare('SELECT count(*) FROM ledger').pluck().get();

type SeenRow = { id: number; state: string; committedMs: number | null };

const seenRows = (state: State): SeenRow[] =>
  state.prepare<[], SeenRow>('SELECT id, state, committed_ms AS committedMs FROM ledger ORDER BY id').all();

for (const count of [0, 1, 63, 64, 65, MANY]) {
  test(`${count} decisions at a time are recorded as each by itself would be, under the ids that are given`, (t) => {
    const state = emptyState(t);
    const ledger = new Ledger(state);
    const made = decisions(count, (jobId) => ({ scope: jobId % 2 === 0 ? null : 0 }));
    const ids = ledger.decideAll(made);
    assert.equal(ids.size, count);
    assert.equal(countOf(state), count);
    for (const one of made) {
      const id = ids.get(one.jobId) ?? 0;
      assert.deepEqual(ledger.byId(id), { ...one, id, state: 'in_flight' });
    }
  });
}

/** What each third row comes upon, and what it is told. */
const OBSTACLES: Record<string, { of: (jobId: number) => Partial<Decision>; with: string }> = {
  'content that is committed': { of: () => ({}), with: 'committed' },
  'an inode in flight': {
    of: (jobId) => ({ scope: null, device: 7n, inode: BigInt(jobId) }),
    with: 'in-flight',
  },
  'a destination in flight': {
    of: (jobId) => ({ scope: null, destination: `/w/${jobId}` as BytePath }),
    with: 'destination',
  },
};

for (const [what, { of, with: kind }] of Object.entries(OBSTACLES)) {
  test(`of many decisions those that come upon ${what} are missing and write nothing, and the others are made`, (t) => {
    const state = emptyState(t);
    const ledger = new Ledger(state);
    const isInTheWay = (jobId: number) => jobId % 3 === 0;
    const before = decisions(MANY, of).filter(({ jobId }) => isInTheWay(jobId));
    for (const one of before) {
      const decided = ledger.decide({ ...one, jobId: one.jobId + 1000 });
      assert.ok('id' in decided);
      if (kind === 'committed') ledger.commit(decided.id, 5);
    }
    const made = decisions(MANY, (jobId) => (isInTheWay(jobId) ? of(jobId) : {}));
    const ids = ledger.decideAll(made);
    const free = made.filter(({ jobId }) => !isInTheWay(jobId));
    assert.deepEqual(
      [...ids.keys()].sort((a, b) => a - b),
      free.map(({ jobId }) => jobId),
    );
    assert.equal(countOf(state), MANY);
    for (const one of free) {
      const id = ids.get(one.jobId) ?? 0;
      assert.deepEqual(ledger.byId(id), { ...one, id, state: 'in_flight' });
    }
    for (const one of made.filter(({ jobId }) => isInTheWay(jobId))) {
      const again = ledger.decide(one);
      assert.equal('conflict' in again && again.conflict.with, kind);
    }
    assert.equal(countOf(state), MANY);
  });
}

test('of the same content several times among many the first wins, also where the rest is far behind it', (t) => {
  const state = emptyState(t);
  const ledger = new Ledger(state);
  const { sha256 } = decision(0, 'the same');
  // In one statement, in the next one, and among those that are left for statements of one.
  const same = [2, 3, 100, MANY - 1, MANY];
  const made = decisions(MANY, (jobId) => (same.includes(jobId) ? { sha256 } : {}));
  const ids = ledger.decideAll(made);
  assert.deepEqual(
    same.map((jobId) => ids.has(jobId)),
    [true, false, false, false, false],
  );
  assert.equal(ids.size, MANY - same.length + 1);
  assert.equal(countOf(state), ids.size);
  assert.deepEqual(ledger.byId(ids.get(2) ?? 0)?.sha256, sha256);
});

test('of many rows those that are given are committed, and what lies between them stays in flight', (t) => {
  const state = emptyState(t);
  const ledger = new Ledger(state);
  const ids = [...ledger.decideAll(decisions(7)).values()].sort((a, b) => a - b);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = ids;
  ledger.commitAll([f, b, e, c], 5);
  ledger.commitAll([], 6);
  const inFlight = { state: 'in_flight', committedMs: null };
  const committed = { state: 'committed', committedMs: 5 };
  assert.deepEqual(seenRows(state), [
    { id: a, ...inFlight },
    { id: b, ...committed },
    { id: c, ...committed },
    { id: d, ...inFlight },
    { id: e, ...committed },
    { id: f, ...committed },
    { id: g, ...inFlight },
  ]);
});

test('a row that is committed keeps the time at which it was when it is committed again with many', (t) => {
  const state = emptyState(t);
  const ledger = new Ledger(state);
  const ids = [...ledger.decideAll(decisions(3)).values()].sort((a, b) => a - b);
  ledger.commit(ids[1] ?? 0, 5);
  ledger.commitAll(ids, 6);
  assert.deepEqual(
    seenRows(state).map(({ state, committedMs }) => [state, committedMs]),
    [
      ['committed', 6],
      ['committed', 5],
      ['committed', 6],
    ],
  );
});
