import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBytes, fromText } from '../../../shared/fs/byte-path.ts';
import { PassMemory } from '../../../shared/ledger/pass-memory.ts';

test('the first file with a content is told to all that follow', () => {
  using memory = new PassMemory();
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const first = fromBytes(Buffer.from([0x2f, 0xff, 0x0a]));
  assert.equal(memory.meet(one, first), undefined);
  assert.equal(memory.meet(other, fromText('/b')), undefined);
  assert.equal(memory.meet(one, fromText('/c')), first);
  assert.equal(memory.meet(one, fromText('/d')), first);
});

test('a name is given away once', () => {
  using memory = new PassMemory();
  assert.deepEqual(
    ['/a', '/b', '/a'].map((name) => memory.giveAway(fromText(name))),
    [true, true, false],
  );
});
