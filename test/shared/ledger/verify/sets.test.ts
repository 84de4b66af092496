import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BytePath, fromText } from '../../../../shared/fs/byte-path.ts';
import { IdSet } from '../../../../shared/ledger/verify/id-set.ts';
import { KnownPaths } from '../../../../shared/ledger/verify/known-paths.ts';

test('a set of ids knows what was added, and whether it was there before', () => {
  const ids = new IdSet();
  const added = [1, 7, 8, 65_535, 65_536, 5_000_000, 2 ** 40];
  for (const id of added) assert.ok(ids.add(id), `${id}`);
  for (const id of added) assert.ok(!ids.add(id), `${id}`);
  for (const id of added) assert.ok(ids.has(id), `${id}`);
  for (const id of [0, 2, 6, 9, 65_534, 65_537, 2 ** 40 - 1]) assert.ok(!ids.has(id), `${id}`);
  assert.equal(ids.size, added.length);
});

test('known paths are told from others, and strays come back in the order in which they were found', () => {
  using known = new KnownPaths();
  assert.ok(known.add(fromText('/a')));
  assert.ok(!known.add(fromText('/a')));
  assert.ok(known.add('/\xff' as BytePath));
  assert.ok(known.has('/\xff' as BytePath));
  assert.ok(!known.has(fromText('/b')));
  const strays = Array.from({ length: 2500 }, (_, n) => fromText(`/stray/${n}`));
  for (const stray of strays) known.addStray(stray);
  assert.deepEqual([...known.strays()], strays);
});
