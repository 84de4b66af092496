import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Base } from './base.ts';

const full = { volumeBytes: 2000 };

const indexes = (base: Base): string[] =>
  readdirSync(base.at('.wharfinger/index'), { recursive: true })
    .map(String)
    .filter((name) => !name.startsWith('link.zip'))
    .toSorted();

test('the index of a volume that is gone goes when the next one is made', async (t) => {
  const base = Base.make(t);
  const large = 'x'.repeat(3000);
  await base.deposit(
    { 'sub/a.zip/1': large, 'sub/a.zip/2': `2${large}`, 'b.zip/1': large },
    { compression: 'store' },
  );
  await base.scavenge(full);
  assert.deepEqual(indexes(base), [
    'b.zip',
    'b.zip/1.idx',
    'sub',
    'sub/a.zip',
    'sub/a.zip/1.idx',
    'sub/a.zip/2.idx',
  ]);
  mkdirSync(base.at('..', 'outside'));
  writeFileSync(base.at('..', 'outside', '7.idx'), 'somebody’s');
  symlinkSync('../../../outside', base.at('.wharfinger/index/link.zip'));
  renameSync(base.at('sub/a-2.zip'), base.at('..', 'a-2.zip'));
  await base.deposit({ 'c.zip/1': large }, { compression: 'store' });
  await base.scavenge(full);
  assert.deepEqual(
    indexes(base).filter((name) => name.endsWith('.idx')),
    ['b.zip/1.idx', 'c.zip/1.idx', 'sub/a.zip/1.idx'],
  );
  renameSync(base.at('sub'), base.at('..', 'sub'));
  await base.deposit({ 'd.zip/1': large }, { compression: 'store' });
  await base.scavenge(full);
  assert.ok(!indexes(base).includes('sub'));
  assert.deepEqual(readdirSync(base.at('..', 'outside')), ['7.idx']);
});
