import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArchiveYard, cannotReadArchives } from '../../../../support/archive-yard.ts';

const skip = cannotReadArchives() ?? false;

test('a run with --once ends when all is published, and every archive is a valid zip', {
  skip,
}, async (t) => {
  const yard = new ArchiveYard(t);
  yard.dropMany(300);
  yard.drop('sub/grün.csv');
  yard.drop('large.bin', 'x'.repeat(700_000));
  const first = await yard.once();
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /302 archived/);
  await yard.assertAllArchivedOnce();
});
