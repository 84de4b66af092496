import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SinkSettings } from '../../../shared/config/settings.ts';
import { Sinks } from '../../../shared/queue/sinks.ts';
import { loadSink } from '../../support/loads.ts';
import { makeState } from '../../support/state.ts';

const rowsOf = (sinks: Sinks, ids: readonly number[]) =>
  ids.map((id) => {
    const settings = sinks.byId(id)?.settings;
    return settings?.type === 'load' ? settings.table : settings?.type;
  });

test('a sink that is saved again keeps its id, also where its settings are others, or its address is written in another way', (t) => {
  const { state, routeId } = makeState(t);
  const sinks = new Sinks(state);
  const target = (query: string) => ({ is: 'postgres', url: `postgres://etl@db/lake${query}` }) as const;
  const [id] = sinks.save(routeId, [loadSink({ target: target('') })]);
  assert.deepEqual(sinks.save(routeId, [loadSink({ target: target('?sslmode=require'), taskBytes: 7 })]), [
    id,
  ]);
  assert.equal(sinks.ofRoute(routeId).length, 1);
});

const others: [string, SinkSettings][] = [
  ['table', loadSink({ table: 'others' })],
  ['target', loadSink({ target: { is: 'duckdb', path: '/nowhere/other.duckdb' } })],
];

for (const [what, changed] of others) {
  test(`a sink whose ${what} is another is another sink: what the old one has is finished into the old place`, (t) => {
    const { state, routeId } = makeState(t);
    const sinks = new Sinks(state);
    const [old] = sinks.save(routeId, [loadSink()]);
    const [now] = sinks.save(routeId, [changed]);
    assert.ok(old !== undefined && now !== undefined && old !== now);
    assert.deepEqual(sinks.byId(old)?.settings, loadSink());
    assert.deepEqual(sinks.byId(now)?.settings, changed);
    assert.deepEqual(
      sinks.ofRoute(routeId).map(({ id }) => id),
      [now],
    );
    assert.deepEqual(sinks.save(routeId, [changed]), [now]);
  });
}

test('a name may go from place to place and back, and each keeps its own', (t) => {
  const { state, routeId } = makeState(t);
  const sinks = new Sinks(state);
  const ids = ['a', 'b', 'a', 'c'].flatMap((table) => sinks.save(routeId, [loadSink({ table })]));
  assert.equal(new Set(ids).size, 4);
  assert.deepEqual(rowsOf(sinks, ids), ['a', 'b', 'a', 'c']);
  const active = state.prepare<[], string>('SELECT name FROM sinks WHERE active = 1').pluck().all();
  assert.deepEqual(active, ['table']);
});
