import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Named, PendingNames } from '../../../../apps/discoverer/watch/pending-names.ts';
import { fromText } from '../../../../shared/fs/byte-path.ts';

const named = (occasion: Named<string>['occasion'] = 'named'): Named<string> => ({
  owner: 'orders',
  occasion,
});
const [a, b, c] = [fromText('/a'), fromText('/b'), fromText('/c')];

test('a name that comes often is judged once, as closed if it ever was', () => {
  const pending = new PendingNames<string>(10);
  for (const occasion of ['named', 'closed', 'named'] as const) pending.add(a, named(occasion));
  pending.add(b, named());
  assert.deepEqual(
    [...pending.take(10)],
    [
      [a, named('closed')],
      [b, named()],
    ],
  );
  assert.equal(pending.size, 0);
});

test('so many are taken as are wanted', () => {
  const pending = new PendingNames<string>(10);
  for (const path of [a, b, c]) pending.add(path, named());
  assert.deepEqual(
    [...pending.take(2)].map(([path]) => path),
    [a, b],
  );
  assert.equal(pending.size, 1);
});

test('one that is postponed comes back at its time, as it was', () => {
  const pending = new PendingNames<string>(10);
  pending.postpone(a, named('closed'), 100);
  pending.postpone(b, named(), 200);
  pending.resume(99);
  assert.equal(pending.size, 0);
  pending.resume(100);
  assert.deepEqual([...pending.take(10)], [[a, named('closed')]]);
  pending.resume(1000);
  assert.deepEqual([...pending.take(10)], [[b, named()]]);
});

test('without room all is forgotten, and whoever adds is told', () => {
  const pending = new PendingNames<string>(2);
  assert.ok(pending.add(a, named()));
  pending.postpone(b, named(), 1);
  assert.ok(!pending.add(c, named()));
  pending.resume(1);
  assert.equal(pending.size, 0);
});
