import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slabs } from '../../../../shared/archives/scavenger/slabs.ts';

/** Of every length up to more than the largest piece has. */
const strings = [
  ...Array.from({ length: 2000 }, (_, index) => Buffer.alloc(index + 1, index)),
  Buffer.alloc(600_000, 'a'),
  Buffer.alloc(300_000, 'b'),
  Buffer.from('last'),
];

test('what was kept is found again by its place, however long it is', () => {
  const slabs = new Slabs();
  const places = strings.map((bytes) => slabs.keep(bytes));
  for (const [index, bytes] of strings.entries())
    assert.ok(slabs.at(places[index] ?? Number.NaN, bytes.length).equals(bytes), String(bytes.length));
  assert.equal(new Set(places).size, strings.length);
});

test('the pieces are all that was kept, in its order, and nothing else', () => {
  const slabs = new Slabs();
  for (const bytes of strings) slabs.keep(bytes);
  const all = Buffer.concat(strings);
  assert.ok(Buffer.concat([...slabs.pieces()]).equals(all));
  assert.equal(slabs.sizeBytes, all.length);
  assert.deepEqual([...new Slabs().pieces()], []);
});

test('what is reserved is written by whoever asked, and kept is a copy', () => {
  const slabs = new Slabs();
  const place = slabs.reserve(4);
  slabs.at(place, 4).write('mine');
  const given = Buffer.from('given');
  const kept = slabs.keep(given);
  given.fill(0);
  assert.equal(slabs.at(place, 4).toString() + slabs.at(kept, 5).toString(), 'minegiven');
});

test('what was cleared is written over by what is kept next, and is nowhere among it', () => {
  const slabs = new Slabs();
  for (const bytes of strings) slabs.keep(bytes);
  slabs.clear();
  assert.deepEqual([slabs.sizeBytes, [...slabs.pieces()].length], [0, 0]);
  const others = strings.toReversed();
  const places = others.map((bytes) => slabs.keep(bytes));
  for (const [index, bytes] of others.entries())
    assert.ok(slabs.at(places[index] ?? Number.NaN, bytes.length).equals(bytes), String(bytes.length));
  assert.ok(Buffer.concat([...slabs.pieces()]).equals(Buffer.concat(others)));
});
