import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BytePath } from '../../../shared/fs/byte-path.ts';
import { type Route, Routes } from '../../../shared/queue/routes.ts';
import { ownQueue } from '../../support/queue-holder.ts';

const route: Omit<Route, 'id' | 'marked'> = {
  name: 'main',
  input: '/in/\xff' as BytePath,
  warehouse: '/warehouse' as BytePath,
  manifests: '/manifests' as BytePath,
  duplicates: '/duplicates' as BytePath,
  onDuplicate: 'move',
  dedupe: 'content',
  mode: 'stability',
  stabilityMs: 10_000,
  takes: 'ingest',
};

test('a route comes back as it was saved, whatever bytes its paths hold', (t) => {
  const routes = new Routes(ownQueue(t).one.state);
  const id = routes.save(route);
  assert.deepEqual(routes.byId(id), { ...route, id, marked: false });
  assert.deepEqual(routes.all(), [{ ...route, id, marked: false }]);
  assert.equal(routes.byId(id + 1), undefined);
});

test('a route is known by its input: saving it again updates it and keeps its id', (t) => {
  const routes = new Routes(ownQueue(t).one.state);
  const id = routes.save(route);
  const other = routes.save({ ...route, input: '/other' as BytePath });
  const changed = {
    ...route,
    name: 'renamed',
    onDuplicate: 'leave',
    dedupe: 'none',
    mode: 'sidecar',
    stabilityMs: 1,
    takes: 'ingest',
  } as const;
  assert.equal(routes.save(changed), id);
  assert.deepEqual(routes.byId(id), { ...changed, id, marked: false });
  assert.notEqual(other, id);
});

test('a warehouse stays marked until the route is given another', (t) => {
  const routes = new Routes(ownQueue(t).one.state);
  const id = routes.save(route);
  routes.setMarked(id);
  routes.save({ ...route, name: 'renamed' });
  assert.equal(routes.byId(id)?.marked, true);
  routes.save({ ...route, warehouse: '/elsewhere' as BytePath });
  assert.equal(routes.byId(id)?.marked, false);
});

test('a warehouse is marked for every route that uses it, or will', (t) => {
  const routes = new Routes(ownQueue(t).one.state);
  const before = routes.save({ ...route, input: '/before' as BytePath });
  routes.setMarked(routes.save(route));
  const after = routes.save({ ...route, input: '/after' as BytePath });
  const other = routes.save({ ...route, input: '/other' as BytePath, warehouse: '/elsewhere' as BytePath });
  assert.deepEqual(
    [before, after, other].map((id) => routes.byId(id)?.marked),
    [true, true, false],
  );
});
