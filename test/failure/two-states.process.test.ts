import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Wharf } from '../support/wharf.ts';

test('a second state file does not write into the manifests of the first, and says how to mend it', async (t) => {
  const first = new Wharf(t);
  first.drop('a.csv', 'a');
  assert.equal((await first.once()).code, 0);

  const second = new Wharf(t, { args: ['--manifests', first.manifests] });
  second.drop('b.csv', 'b');
  const refused = await second.once();
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /are written by another state file/);
  assert.match(refused.stderr, /--manifests; or, if that state file is gone for good, run: rm/);
  assert.deepEqual(second.left(), ['b.csv']);
  await first.assertAllLandedOnce();
});

test('after the state file was lost, manifests are continued behind what stands in them', async (t) => {
  const wharf = new Wharf(t);
  wharf.drop('a.csv', 'a');
  assert.equal((await wharf.once()).code, 0);
  const before = wharf.manifest();
  const anew = new Wharf(t, { root: wharf.root, state: join(wharf.root, 'new-state.db') });
  rmSync(join(wharf.manifests, '.wharfinger'));
  anew.drop('b.csv', 'b');
  assert.equal((await anew.once()).code, 0);
  const after = anew.manifest();
  assert.deepEqual(after.slice(0, before.length), before, 'the old lines stand');
  assert.equal(after.length, 2);
});
