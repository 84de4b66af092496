import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { toBytes } from '../../../../../shared/fs/byte-path.ts';
import { read } from '../../../../support/custody.ts';
import { acrossFileSystems, custodyAcross } from '../../../../support/other-file-system.ts';

const MOMENTS = [
  'ingest.decided',
  'place.data-durable',
  'copy.temporary-created',
  'copy.temporary-durable',
  'copy.renamed',
] as const;

for (const moment of MOMENTS) {
  test(
    `a source that is written to at ${moment} is kept as it is, and no copy of what it was stays`,
    acrossFileSystems,
    async (t) => {
      const custody = custodyAcross(t);
      const path = custody.offer('a', 'content');
      custody.hand.at(moment, () => appendFileSync(toBytes(path), ' and more'));
      await custody.hand.step();
      assert.equal(read(path), 'content and more');
      assert.deepEqual(custody.stored(), []);
      assert.deepEqual(
        custody.records.candidates().map((found) => found.path),
        [path],
      );
      await custody.assertSound([]);

      custody.enqueue(path);
      await custody.hand.run();
      await custody.assertSound(['content and more']);
    },
  );

  test(
    `a source that another file replaces at ${moment} leaves that file alone`,
    acrossFileSystems,
    async (t) => {
      const custody = custodyAcross(t);
      const path = custody.offer('a', 'content');
      const next = custody.drop('.next', 'the next one');
      const { ino } = lstatSync(toBytes(next));
      custody.hand.at(moment, () => renameSync(toBytes(next), toBytes(path)));
      await custody.hand.step();
      assert.deepEqual([custody.left(), custody.stored()], [['a'], []]);
      assert.equal(lstatSync(toBytes(path)).ino, ino);
      await custody.assertSound([]);
    },
  );

  test(
    `a source that vanishes at ${moment} leaves no copy, and is said to have vanished`,
    acrossFileSystems,
    async (t) => {
      const custody = custodyAcross(t);
      const path = custody.offer('a', 'content');
      custody.hand.at(moment, () => rmSync(toBytes(path)));
      await custody.hand.step();
      assert.deepEqual([custody.left(), custody.stored(), custody.records.jobs()], [[], [], []]);
      assert.equal(custody.hand.said('file.vanished').length, 1);
      await custody.assertSound([]);
    },
  );
}

test(
  'a source steps aside before it goes, and a writer that still has it open gets it back',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    let fd = -1;
    custody.hand.at('copy.renamed', () => {
      fd = openSync(toBytes(path), 'a');
    });
    custody.hand.at('copy.stepped-aside', () => {
      assert.ok(!existsSync(toBytes(path)), 'nobody can open it by its name any longer');
      assert.deepEqual(custody.left(), ['.wharfinger-1.src']);
    });
    t.after(() => closeSync(fd));
    await custody.hand.step();
    writeFileSync(fd, ' and more');
    assert.equal(read(path), 'content and more');
    assert.deepEqual(custody.stored(), []);
    assert.equal(custody.records.candidates()[0]?.waitsFor, 'writer');
    await custody.assertSound([]);
  },
);

test(
  'where the name is taken while the source stands aside, it is put back beside',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    custody.hand.at('copy.stepped-aside', () => {
      appendFileSync(toBytes(custody.at('.wharfinger-1.src')), ' and more');
      writeFileSync(toBytes(path), 'the next one');
    });
    await custody.hand.step();
    assert.equal(read(path), 'the next one');
    assert.deepEqual([custody.left().length, custody.stored()], [2, []]);
    const [candidate] = custody.records.candidates();
    assert.equal(candidate === undefined ? '' : read(candidate.path), 'content and more');
    await custody.assertSound([]);
  },
);

test(
  'a copy is gone before its source is put back: a crash between the two commits nothing',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    const path = custody.offer('a', 'content');
    custody.hand.at('copy.stepped-aside', () =>
      appendFileSync(toBytes(custody.at('.wharfinger-1.src')), ' and more'),
    );
    await custody.hand.dieAt('put-back.returned');
    assert.deepEqual(custody.stored(), []);
    await custody.recover();
    assert.equal(read(path), 'content and more');
    assert.deepEqual(
      custody.records.candidates().map((found) => found.path),
      [path],
    );
    await custody.assertSound([]);
  },
);

test(
  'a copy whose name somebody else has taken is not published: the file is copied again',
  acrossFileSystems,
  async (t) => {
    const custody = custodyAcross(t);
    custody.offer('a', 'content');
    custody.hand.at('copy.temporary-durable', () => {
      const temporary = custody.stored().find((name) => name.endsWith('.tmp')) ?? '';
      const path = toBytes(custody.storedAt(temporary));
      rmSync(path);
      writeFileSync(path, 'half of a copy of another state file');
    });
    await custody.hand.step();
    assert.equal(custody.records.jobs()[0]?.state, 'ready');
    assert.deepEqual(custody.left(), ['a']);
    await custody.hand.run();
    assert.equal(read(custody.storedAt('a')), 'content');
    await custody.assertSound(['content']);
  },
);
