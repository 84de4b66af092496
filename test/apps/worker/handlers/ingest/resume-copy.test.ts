import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { dirname, toBytes } from '../../../../../shared/fs/byte-path.ts';
import { type Custody, read } from '../../../../support/custody.ts';
import { acrossFileSystems, custodyAcross } from '../../../../support/other-file-system.ts';

const candidates = (custody: Custody) => custody.records.candidates().map(({ path }) => path);

/** What a copy leaves when it is killed: part of the content under its temporary name. */
function leaveTemporary(custody: Custody): void {
  const [row] = custody.records.ledger();
  assert.ok(row !== undefined);
  const directory = dirname(row.destination);
  mkdirSync(toBytes(directory), { recursive: true });
  writeFileSync(toBytes(custody.at('.wharfinger-1.tmp', directory)), 'cont');
}

test('a copy in progress is thrown away and made again', acrossFileSystems, async (t) => {
  const custody = custodyAcross(t);
  custody.offer('a', 'content');
  await custody.hand.dieAt('place.data-durable');
  leaveTemporary(custody);
  await custody.recover();
  assert.deepEqual([custody.left(), custody.stored()], [[], ['a']]);
  await custody.assertSound(['content']);
});

test(
  'a copy in progress is thrown away also where its source has changed meanwhile',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    await custody.hand.dieAt('place.data-durable');
    leaveTemporary(custody);
    appendFileSync(toBytes(path), ' and more');
    await custody.recover();
    assert.deepEqual([custody.stored(), candidates(custody)], [[], [path]]);
    await custody.assertSound([]);
  },
);

test(
  'a source that changes while its copy is hashed at recovery is kept, and the copy is not',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const content = 'x'.repeat(3_000_000);
    const path = custody.offer('a', content);
    await custody.hand.dieAt('copy.renamed', 'alone');
    const hand = custody.anotherHand();
    hand.takeLeasesOfOthers();
    // Hashing takes turns of the event loop; this one comes in between.
    hand.at('ingest.claimed', () => setImmediate(() => appendFileSync(toBytes(path), 'more')));
    await hand.step('suspect');
    assert.equal(read(path), `${content}more`);
    assert.deepEqual([custody.stored(), candidates(custody)], [[], [path]]);
    await custody.assertSound([]);
  },
);

test('a file that stood aside is put back when its copy is gone', acrossFileSystems, async (t) => {
  const custody = custodyAcross(t);
  const path = custody.offer('a', 'content');
  await custody.hand.dieAt('copy.stepped-aside');
  rmSync(toBytes(custody.storedAt('a')));
  await custody.recover();
  assert.deepEqual([custody.left(), custody.stored(), candidates(custody)], [['a'], [], [path]]);
  await custody.assertSound([]);
});

test(
  'a file that stood aside is put back when its copy is not what was decided',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    await custody.hand.dieAt('copy.stepped-aside');
    writeFileSync(toBytes(custody.storedAt('a')), 'CONTENT');
    await custody.recover();
    assert.equal(read(path), 'content');
    assert.deepEqual(candidates(custody), [path]);
  },
);

test(
  'a file that stood aside and was written to is put back, and its copy goes',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    await custody.hand.dieAt('copy.stepped-aside');
    appendFileSync(toBytes(custody.at('.wharfinger-1.src')), ' and more');
    await custody.recover();
    assert.equal(read(path), 'content and more');
    assert.deepEqual([custody.stored(), candidates(custody)], [[], [path]]);
    await custody.assertSound([]);
  },
);

test(
  'a file that stood aside is finished with a new file under its name, which stays',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    await custody.hand.dieAt('copy.stepped-aside');
    custody.drop('a', 'the next one');
    await custody.recover();
    assert.equal(read(path), 'the next one');
    await custody.assertSound(['content']);
  },
);

test(
  'a file that took the name right before the step aside gets it back, and the copy is committed',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    const usurper = custody.drop('.usurper', 'another');
    await custody.hand.dieAt('copy.renamed');
    // What the disk looks like where the rename hit a file that had replaced the source.
    rmSync(toBytes(path));
    renameSync(toBytes(usurper), toBytes(custody.at('.wharfinger-1.src')));
    await custody.recover();
    assert.deepEqual(custody.left(), ['a']);
    assert.equal(read(path), 'another');
    await custody.assertSound(['content']);
  },
);

test(
  'a copy whose source was removed by somebody before recovery is committed',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    await custody.hand.dieAt('copy.renamed');
    rmSync(toBytes(path));
    await custody.recover();
    await custody.assertSound(['content']);
  },
);

test('other content at the destination is not taken for the copy', acrossFileSystems, async (t) => {
  const custody = custodyAcross(t);
  custody.offer('a', 'content');
  await custody.hand.dieAt('place.data-durable');
  const [row] = custody.records.ledger();
  assert.ok(row !== undefined);
  mkdirSync(toBytes(dirname(row.destination)), { recursive: true });
  writeFileSync(toBytes(row.destination), 'CONTENT');
  await custody.recover();
  assert.equal(read(row.destination), 'CONTENT');
  assert.equal(custody.stored().length, 2);
  assert.deepEqual(custody.left(), []);
});
