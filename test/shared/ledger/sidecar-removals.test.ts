import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../../../shared/fs/byte-path.ts';
import { SidecarRemovals } from '../../../shared/ledger/sidecar-removals.ts';
import { makeState } from '../../support/state.ts';

test('a sidecar is to be removed until that is done, and told from a later one of its name', (t) => {
  const { state, input } = makeState(t);
  const removals = new SidecarRemovals(state);
  const path = join(input, 'a.csv.ok');
  const inode = 2n ** 64n - 2n;
  const sidecar = { path, device: 5n, inode, ctimeNs: 9n };
  removals.add(sidecar);
  removals.add({ path: join(input, 'b.csv.ok'), device: 5n, inode: 7n, ctimeNs: 9n });

  assert.ok(removals.isPending(sidecar));
  assert.ok(!removals.isPending({ ...sidecar, inode: 8n }));
  assert.ok(!removals.isPending({ ...sidecar, device: 6n }));
  assert.ok(!removals.isPending({ ...sidecar, ctimeNs: 10n }));
  assert.ok(!removals.isPending({ ...sidecar, path: join(input, 'c.csv.ok') }));

  const [first, second] = removals.pending(10);
  assert.deepEqual(first, { id: first?.id, ...sidecar });
  assert.equal(second?.inode, 7n);
  assert.equal(removals.pending(1).length, 1);
  removals.done(first?.id ?? 0);
  removals.done(first?.id ?? 0);
  assert.ok(!removals.isPending(sidecar));
  assert.deepEqual(
    removals.pending(10).map(({ id }) => id),
    [second?.id],
  );
});
