import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fromBytes, join } from '../../../shared/fs/byte-path.ts';
import { Candidates, type Sighting } from '../../../shared/queue/candidates.ts';
import { Routes } from '../../../shared/queue/routes.ts';
import { makeState, T0 } from '../../support/state.ts';

function setUp(t: TestContext) {
  const fixture = makeState(t);
  const candidates = new Candidates(fixture.state);
  const sighting = (name: string, fields: Partial<Sighting> = {}): Sighting => ({
    path: join(fixture.input, name),
    routeId: fixture.routeId,
    fingerprint: 'f1',
    waitsFor: 'stability',
    nowMs: T0,
    dueMs: T0 + 1000,
    ...fields,
  });
  const names = (found: readonly { path: string }[]) =>
    found.map(({ path }) => path.slice(fixture.input.length + 1));
  return { ...fixture, candidates, sighting, names };
}

test('a candidate is remembered as it was seen', (t) => {
  const { candidates, sighting, routeId, input } = setUp(t);
  candidates.upsert(sighting('a.csv', { waitsFor: 'sidecar', dueMs: undefined }));
  assert.deepEqual(candidates.get(join(input, 'a.csv')), {
    path: join(input, 'a.csv'),
    routeId,
    fingerprint: 'f1',
    waitsFor: 'sidecar',
    firstSeenMs: T0,
    observedMs: T0,
    dueMs: undefined,
  });
  assert.equal(candidates.get(join(input, 'b.csv')), undefined);
});

test('seen again unchanged, it keeps both when it was first seen and since when it is as it is', (t) => {
  const { candidates, sighting } = setUp(t);
  candidates.upsert(sighting('a.csv'));
  candidates.upsert(sighting('a.csv', { nowMs: T0 + 500, dueMs: T0 + 2000, waitsFor: 'writer' }));
  const { path } = sighting('a.csv');
  const found = candidates.get(path);
  assert.deepEqual(
    [found?.firstSeenMs, found?.observedMs, found?.dueMs, found?.waitsFor],
    [T0, T0, T0 + 2000, 'writer'],
  );
});

test('seen again with another fingerprint, it has been so only since now', (t) => {
  const { candidates, sighting } = setUp(t);
  candidates.upsert(sighting('a.csv'));
  candidates.upsert(sighting('a.csv', { fingerprint: 'f2', nowMs: T0 + 500 }));
  const found = candidates.get(sighting('a.csv').path);
  assert.deepEqual([found?.fingerprint, found?.firstSeenMs, found?.observedMs], ['f2', T0, T0 + 500]);
});

test('an observation that lies in the future starts anew: the clock was set back', (t) => {
  const { candidates, sighting } = setUp(t);
  candidates.upsert(sighting('a.csv', { nowMs: T0 + 3_600_000 }));
  candidates.upsert(sighting('a.csv', { nowMs: T0 }));
  const found = candidates.get(sighting('a.csv').path);
  assert.deepEqual([found?.firstSeenMs, found?.observedMs], [T0, T0]);
});

test('many are remembered at once, each with its own values', (t) => {
  const { candidates, sighting, routeId } = setUp(t);
  const sightings = Array.from({ length: 200 }, (_, i) =>
    sighting(`f${i}`, { fingerprint: `f${i}`, dueMs: T0 + i }),
  );
  candidates.upsertAll(sightings);
  candidates.upsertAll(sightings);
  assert.equal(candidates.count(routeId), 200);
  for (const { path, fingerprint, dueMs } of sightings) {
    const found = candidates.get(path);
    assert.deepEqual([found?.fingerprint, found?.dueMs], [fingerprint, dueMs]);
  }
});

test('the due ones are given by their moment, those that wait for an event never', (t) => {
  const { candidates, sighting, names, routeId } = setUp(t);
  candidates.upsert(sighting('late', { dueMs: T0 + 300 }));
  candidates.upsert(sighting('never', { dueMs: undefined }));
  candidates.upsert(sighting('soon', { dueMs: T0 + 100 }));
  candidates.upsert(sighting('then', { dueMs: T0 + 200 }));
  assert.equal(candidates.nextDueMs(routeId), T0 + 100);
  assert.deepEqual(names(candidates.due(routeId, T0 + 99, 10)), []);
  assert.deepEqual(names(candidates.due(routeId, T0 + 200, 10)), ['soon', 'then']);
  assert.deepEqual(names(candidates.due(routeId, T0 + 999, 2)), ['soon', 'then']);
});

test('what is due and overdue is told for each route by itself', (t) => {
  const { candidates, sighting, names, routeId, state, input, warehouse, manifests, duplicates } = setUp(t);
  const other = new Routes(state).save({
    name: 'other',
    input: join(input, 'x'),
    warehouse,
    manifests,
    duplicates,
    onDuplicate: 'move',
    dedupe: 'content',
    mode: 'stability',
    stabilityMs: 1,
    takes: 'ingest',
  });
  candidates.upsert(sighting('mine'));
  candidates.upsert(sighting('theirs', { routeId: other, dueMs: T0 + 1 }));
  assert.deepEqual(names(candidates.due(routeId, T0 + 9999, 10)), ['mine']);
  assert.deepEqual(names(candidates.overdue(other, T0, 10)), ['theirs']);
  assert.deepEqual(names(candidates.page(routeId, undefined, 10)), ['mine']);
  assert.equal(candidates.nextDueMs(routeId), T0 + 1000);
  assert.deepEqual([candidates.count(), candidates.count(routeId), candidates.count(other)], [2, 1, 1]);
});

test('with none there is nothing due', (t) => {
  const { candidates, routeId } = setUp(t);
  assert.equal(candidates.nextDueMs(routeId), undefined);
  assert.deepEqual(candidates.due(routeId, T0, 10), []);
});

test('an overdue one is given until it is marked, and counted from then on until it is removed', (t) => {
  const { candidates, sighting, names, routeId } = setUp(t);
  candidates.upsert(sighting('old', { nowMs: T0 }));
  candidates.upsert(sighting('young', { nowMs: T0 + 5000 }));
  assert.deepEqual(names(candidates.overdue(routeId, T0 + 4999, 10)), ['old']);
  assert.equal(candidates.countOverdue(), 0);
  candidates.markOverdue(sighting('old').path);
  candidates.upsert(sighting('old', { nowMs: T0 + 6000, fingerprint: 'f2' }));
  assert.deepEqual(names(candidates.overdue(routeId, T0 + 4999, 10)), []);
  assert.equal(candidates.countOverdue(), 1);
  candidates.remove(sighting('old').path);
  assert.equal(candidates.countOverdue(), 0);
});

test('pages go through all of a route by path, and leave out the due ones where that is asked', (t) => {
  const { candidates, sighting, names, routeId } = setUp(t);
  candidates.upsertAll(
    ['c', 'a', 'e', 'b', 'd'].map((name) => sighting(name, { dueMs: name < 'c' ? T0 : undefined })),
  );
  const found: string[] = [];
  for (
    let page = candidates.page(routeId, undefined, 2);
    page.length > 0;
    page = candidates.page(routeId, page.at(-1)?.path, 2)
  ) {
    found.push(...names(page));
  }
  assert.deepEqual(found, ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(names(candidates.withoutDue(routeId, undefined, 10)), ['c', 'd', 'e']);
});

test('only one that waits for nothing but its sidecar says so', (t) => {
  const { candidates, sighting } = setUp(t);
  candidates.upsert(sighting('sidecar', { waitsFor: 'sidecar', dueMs: undefined }));
  candidates.upsert(sighting('being-written', { waitsFor: 'sidecar', dueMs: T0 }));
  candidates.upsert(sighting('writer', { waitsFor: 'writer', dueMs: undefined }));
  const waiting = ['sidecar', 'being-written', 'writer', 'unknown'].map((name) =>
    candidates.waitsForSidecar(sighting(name).path),
  );
  assert.deepEqual(waiting, [true, false, false, false]);
});

test('removing is idempotent, and names are bytes', (t) => {
  const { candidates, sighting, input } = setUp(t);
  const path = join(input, fromBytes(Buffer.from([0xff, 0x0a, 0x41])));
  candidates.upsert(sighting('x', { path }));
  assert.equal(candidates.get(path)?.path, path);
  candidates.remove(path);
  candidates.remove(path);
  assert.equal(candidates.get(path), undefined);
});
