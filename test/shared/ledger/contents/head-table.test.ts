import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HeadTable } from '../../../../shared/ledger/contents/head-table.ts';

/** Of few sorts in their last digits, which choose the place, so that many share one; and many of them equal. */
const anyHead = fc.tuple(fc.nat(300), fc.nat(2)).map(([high, low]) => high * 2 ** 30 + low);

test('rows are found by their head, several of one head and many of heads that share a place', () => {
  const table = new HeadTable();
  const runs = fc.array(anyHead, { maxLength: 3_000, size: 'max' });
  fc.assert(
    fc.property(runs, (heads) => {
      table.clear();
      const entries = heads.map((head, n) => [head, n + 1] as const);
      for (const [head, id] of entries) table.add(head, id);
      for (const [head, those] of Map.groupBy(entries, ([head]) => head)) {
        const ids = those.map(([, id]) => id);
        assert.deepEqual(table.idsOf(head), ids);
      }
      assert.deepEqual(table.idsOf(2 ** 47), []);
      const inOrder = entries.toSorted(([a, x], [b, y]) => a - b || x - y);
      assert.deepEqual([...table.inOrder()], inOrder);
    }),
    { numRuns: 30 },
  );
});

test('the highest head and the head 0 are heads like others', () => {
  const table = new HeadTable();
  for (const head of [2 ** 48 - 1, 0]) table.add(head, head + 1);
  assert.deepEqual(table.idsOf(0), [1]);
  assert.deepEqual(table.idsOf(2 ** 48 - 1), [2 ** 48]);
});
