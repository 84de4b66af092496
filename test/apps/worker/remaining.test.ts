import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Remaining } from '../../../apps/worker/remaining.ts';
import { addJob, makeState, T0 } from '../../support/state.ts';

test('a worker that takes one kind does not wait for the others', (t) => {
  const fixture = makeState(t);
  addJob(fixture, 'a');
  addJob(fixture, 'b', { state: 'delayed', runAtMs: T0 + 1000 });
  assert.equal(new Remaining(fixture.state).any(T0), true);
  assert.equal(new Remaining(fixture.state, ['load']).any(T0), false);
  addJob(fixture, 'task 1', { kind: 'load', state: 'delayed', runAtMs: T0 + 1000 });
  assert.equal(new Remaining(fixture.state, ['load']).any(T0), true);
  assert.equal(new Remaining(fixture.state, ['load']).any(T0 - 60_000), false);
});
