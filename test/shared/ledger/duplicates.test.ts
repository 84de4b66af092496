import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import type { Fingerprint } from '../../../shared/fs/fingerprint.ts';
import { Duplicates, type Repetition } from '../../../shared/ledger/duplicates.ts';
import { Ledger } from '../../../shared/ledger/ledger.ts';
import type { State } from '../../../shared/state/open.ts';
import { addJob, decision, emptyState, leaseJob } from './fixture.ts';

function committedOriginal(state: State): number {
  const ledger = new Ledger(state);
  const result = ledger.decide(decision(1, 'x'));
  assert.ok('id' in result);
  ledger.commit(result.id, 5);
  return result.id;
}

function repetition(ledgerId: number, jobId: number, fields: Partial<Repetition> = {}): Repetition {
  const { sha256: _, scope: _scope, ...made } = decision(jobId, 'x');
  return { ...made, ledgerId, action: 'move', fingerprint: 'f' as Fingerprint, ...fields };
}

test('a repetition comes back as it was decided, until it is settled', (t) => {
  const state = emptyState(t);
  const duplicates = new Duplicates(state);
  const made = repetition(committedOriginal(state), 2, { inode: 2n ** 64n - 2n });
  const id = duplicates.decide(made);
  assert.ok(id !== undefined);
  assert.deepEqual(duplicates.inFlightOf(2), { ...made, id });
  duplicates.settle(id, 7);
  assert.equal(duplicates.inFlightOf(2), undefined);
  duplicates.withdraw(id);
  assert.equal(state.prepare<[], number>('SELECT settled_ms FROM duplicates').pluck().get(), 7);
});

test('an inode, a destination, or a job in flight is not decided a second time', (t) => {
  const state = emptyState(t);
  const duplicates = new Duplicates(state);
  const original = committedOriginal(state);
  const destination = '/w/_duplicates/a' as BytePath;
  assert.ok(duplicates.decide(repetition(original, 2, { inode: 5n, destination })) !== undefined);
  assert.equal(duplicates.decide(repetition(original, 3, { inode: 5n })), undefined);
  assert.equal(duplicates.decide(repetition(original, 3, { destination })), undefined);
  assert.equal(duplicates.decide(repetition(original, 2)), undefined);
  assert.ok(duplicates.decide(repetition(original, 3)) !== undefined);
});

test('duplicates that are not moved have no destination, and do not stand in each other’s way', (t) => {
  const state = emptyState(t);
  const duplicates = new Duplicates(state);
  const original = committedOriginal(state);
  for (const [index, action] of (['delete', 'delete', 'leave'] as const).entries()) {
    const id = duplicates.decide(repetition(original, index + 2, { action, destination: undefined }));
    assert.ok(id !== undefined);
  }
});

test('only the holder of its job chooses another destination for a duplicate', (t) => {
  const state = emptyState(t);
  const duplicates = new Duplicates(state);
  const jobId = addJob(state, 'b');
  const token = leaseJob(state, jobId);
  const id = duplicates.decide(repetition(committedOriginal(state), jobId)) ?? 0;
  const elsewhere = '/w/_duplicates/b.1' as BytePath;
  assert.equal(duplicates.moveDestination(id, elsewhere, token + 1), false);
  assert.equal(duplicates.moveDestination(id, elsewhere, token), true);
  assert.equal(duplicates.inFlightOf(jobId)?.destination, elsewhere);
});

test('what is withdrawn is gone', (t) => {
  const state = emptyState(t);
  const duplicates = new Duplicates(state);
  const id = duplicates.decide(repetition(committedOriginal(state), 2)) ?? 0;
  duplicates.withdraw(id);
  assert.equal(duplicates.inFlightOf(2), undefined);
});

test('whether a duplicate of the same original lies at a destination is told, but for the row itself', (t) => {
  const state = emptyState(t);
  const duplicates = new Duplicates(state);
  const original = committedOriginal(state);
  const destination = '/w/_duplicates/a' as BytePath;
  const id = duplicates.decide(repetition(original, 2, { destination })) ?? 0;
  assert.equal(duplicates.hasContentAt(original, destination, id), false);
  assert.equal(duplicates.hasContentAt(original, destination, id + 1), true);
  assert.equal(duplicates.hasContentAt(original + 1, destination), false);
  assert.deepEqual(
    [duplicates.hasDestination(destination), duplicates.hasDestination(destination, id)],
    [true, false],
  );
});
