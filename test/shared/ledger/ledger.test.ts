import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BytePath, fromBytes } from '../../../shared/fs/byte-path.ts';
import { type Decision, Ledger } from '../../../shared/ledger/ledger.ts';
import { addJob, decision, emptyState, leaseJob } from './fixture.ts';

/** Decides, and expects that nothing stands in the way. @returns the row's number */
function decided(ledger: Ledger, made: Decision): number {
  const result = ledger.decide(made);
  if ('conflict' in result) assert.fail(`a conflict with ${result.conflict.with}`);
  return result.id;
}

const conflict = (ledger: Ledger, made: Decision) => {
  const result = ledger.decide(made);
  return 'conflict' in result ? result.conflict : undefined;
};

test('a decision comes back as it was made, in flight', (t) => {
  const ledger = new Ledger(emptyState(t));
  const made = decision(1, 'x', {
    device: 2n ** 64n - 1n,
    inode: 2n ** 63n + 5n,
    source: fromBytes(Buffer.from([0x2f, 0xff, 0x0a])),
  });
  const id = decided(ledger, made);
  assert.deepEqual(ledger.byId(id), { ...made, id, state: 'in_flight' });
  assert.deepEqual(ledger.inFlightOf(1), ledger.byId(id));
});

test('content that is committed conflicts with its row, by whatever inode and name it comes', (t) => {
  const ledger = new Ledger(emptyState(t));
  const made = decision(1, 'x');
  const id = decided(ledger, made);
  ledger.commit(id, 5);
  const { destination, sizeBytes } = made;
  assert.deepEqual(conflict(ledger, decision(2, 'x')), { with: 'committed', id, destination, sizeBytes });
});

test('content that is in flight conflicts, and the job that has it is named with its state', (t) => {
  const state = emptyState(t);
  const ledger = new Ledger(state);
  const jobId = addJob(state, 'a');
  decided(ledger, decision(jobId, 'x'));
  assert.deepEqual(conflict(ledger, decision(9, 'x')), {
    with: 'in-flight',
    job: { id: jobId, state: 'ready', runAtMs: 0 },
  });
});

test('an inode in flight conflicts whatever content it has by now, and no longer when it is committed', (t) => {
  const ledger = new Ledger(emptyState(t));
  const id = decided(ledger, decision(1, 'x', { inode: 5n }));
  assert.equal(conflict(ledger, decision(2, 'y', { inode: 5n }))?.with, 'in-flight');
  assert.equal(conflict(ledger, decision(2, 'y', { inode: 5n, device: 2n })), undefined);
  ledger.commit(id, 5);
  assert.equal(conflict(ledger, decision(3, 'z', { inode: 5n })), undefined);
});

test('a destination in flight conflicts, and no longer when it is committed: then the file system tells', (t) => {
  const ledger = new Ledger(emptyState(t));
  const destination = '/w/a' as BytePath;
  const id = decided(ledger, decision(1, 'x', { destination }));
  assert.deepEqual(conflict(ledger, decision(2, 'y', { destination })), { with: 'destination' });
  ledger.commit(id, 5);
  assert.equal(conflict(ledger, decision(3, 'z', { destination })), undefined);
});

test('content without a scope is never a repetition, of itself or of other content', (t) => {
  const ledger = new Ledger(emptyState(t));
  for (const scope of [null, 0, null] as const)
    ledger.commit(decided(ledger, decision(1, 'x', { scope })), 5);
  assert.equal(conflict(ledger, decision(2, 'x'))?.with, 'committed');
});

test('a conflict writes nothing', (t) => {
  const state = emptyState(t);
  const ledger = new Ledger(state);
  decided(ledger, decision(1, 'x'));
  ledger.decide(decision(2, 'x'));
  assert.equal(state.prepare<[], number>('SELECT count(*) FROM ledger').pluck().get(), 1);
});

test('a row is committed once, and neither moved nor withdrawn after that', (t) => {
  const state = emptyState(t);
  const ledger = new Ledger(state);
  const jobId = addJob(state, 'a');
  const token = leaseJob(state, jobId);
  const id = decided(ledger, decision(jobId, 'x'));
  assert.deepEqual([ledger.commit(id, 5), ledger.commit(id, 6)], [true, false]);
  ledger.withdraw(id);
  assert.equal(ledger.moveDestination(id, '/w/other' as BytePath, token), false);
  assert.equal(ledger.byId(id)?.state, 'committed');
  assert.equal(ledger.inFlightOf(jobId), undefined);
});

test('what is withdrawn is as unknown as before, and its number is not used again', (t) => {
  const ledger = new Ledger(emptyState(t));
  const id = decided(ledger, decision(1, 'x'));
  ledger.withdraw(id);
  assert.equal(ledger.byId(id), undefined);
  assert.ok(decided(ledger, decision(1, 'x')) > id);
});

test('only the holder of its job chooses another destination for a row, and only a free one', (t) => {
  const state = emptyState(t);
  const ledger = new Ledger(state);
  const jobId = addJob(state, 'a');
  const token = leaseJob(state, jobId);
  const id = decided(ledger, decision(jobId, 'x'));
  const other = decision(99, 'y');
  decided(ledger, other);
  assert.equal(ledger.moveDestination(id, '/w/b' as BytePath, token + 1), false);
  assert.equal(ledger.moveDestination(id, other.destination, token), false);
  assert.equal(ledger.moveDestination(id, '/w/b' as BytePath, token), true);
  assert.equal(ledger.byId(id)?.destination, '/w/b');
});

test('whether the same content lies at a destination for another row is told in every scope', (t) => {
  const ledger = new Ledger(emptyState(t));
  const made = decision(1, 'x', { scope: null });
  const id = decided(ledger, made);
  const { sha256, destination } = made;
  assert.equal(ledger.hasContentAt(sha256, destination), true);
  assert.equal(ledger.hasContentAt(sha256, destination, id), false, 'but not for that row itself');
  assert.equal(ledger.hasContentAt(Buffer.alloc(32), destination), false);
  assert.equal(ledger.hasDestination(destination), true);
  assert.equal(ledger.hasDestination(destination, id), false);
});
