import assert from 'node:assert/strict';
import { linkSync, mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { type BytePath, toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { Custody, read } from '../../../../support/custody.ts';

/** A committed file, and a second route that finds it: its input is where the first one's warehouse was. */
async function committedAsInput(custody: Custody, onDuplicate: 'move' | 'delete', as: 'itself' | 'a link') {
  custody.offer('a', 'precious');
  await custody.hand.step();
  const stored = custody.storedAt('a');
  const link = custody.at('link', custody.root);
  symlinkSync(toBytes(custody.warehouse), toBytes(link));
  const input = as === 'itself' ? custody.warehouse : link;
  const warehouse = custody.at('next', custody.root);
  mkdirSync(toBytes(warehouse));
  const duplicates = custody.at('_duplicates', warehouse);
  const routeId = custody.saveRoute({ name: 'again', input, warehouse, duplicates, onDuplicate });
  custody.enqueue(toText(stored).replace(toText(custody.warehouse), toText(input)) as BytePath, { routeId });
  return stored;
}

for (const onDuplicate of ['move', 'delete'] as const) {
  for (const as of ['itself', 'a link'] as const) {
    test(`a committed file is no duplicate of itself to ${onDuplicate}, when its warehouse, or ${as} to it, becomes an input`, async (t) => {
      const custody = new Custody(t);
      const stored = await committedAsInput(custody, onDuplicate, as);
      await custody.hand.step();
      assert.equal(read(stored), 'precious');
      const [job] = custody.records.jobs();
      assert.deepEqual(
        [job?.state, job?.reason],
        ['failed', 'it is itself the committed copy of its content'],
      );
      await custody.assertSound(['precious']);
    });
  }
}

test('a second hard link of a committed file is a duplicate like any other', async (t) => {
  const custody = new Custody(t, { onDuplicate: 'delete' });
  custody.offer('a', 'precious');
  await custody.hand.step();
  linkSync(toBytes(custody.storedAt('a')), toBytes(custody.at('b')));
  custody.enqueue(custody.at('b'));
  await custody.hand.step();
  assert.deepEqual([custody.left(), custody.stored()], [[], ['a']]);
  await custody.assertSound(['precious']);
});

test('a duplicate to delete is put back when its committed copy goes while it steps aside', async (t) => {
  const custody = new Custody(t, { onDuplicate: 'delete' });
  custody.offer('a', 'precious');
  await custody.hand.step();
  const path = custody.offer('b', 'precious');
  const stored = custody.storedAt('a');
  custody.hand.at('copy.stepped-aside', () =>
    renameSync(toBytes(stored), toBytes(custody.at('gone', custody.root))),
  );
  await custody.hand.step();
  assert.equal(read(path), 'precious');
  assert.deepEqual(custody.records.duplicates(), []);
});

test('a committed file that is linked back into the input under its name outlives a crash, where nothing is a duplicate', async (t) => {
  const custody = new Custody(t, { dedupe: 'none' });
  custody.offer('a', 'precious');
  await custody.hand.step();
  const stored = custody.storedAt('a');
  linkSync(toBytes(stored), toBytes(custody.at('a')));
  custody.enqueue(custody.at('a'));
  await custody.hand.dieAt('ingest.decided');
  await custody.recover();
  assert.equal(read(stored), 'precious');
});
