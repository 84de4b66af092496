import assert from 'node:assert/strict';
import { chmodSync, chownSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { toBytes } from '../../../shared/fs/byte-path.ts';
import { asNobody, needsRoot } from '../../support/as-nobody.ts';
import { Custody } from '../../support/custody.ts';

const NOBODY = 65_534;

test('a file takes the name of the directory that another one was moved out of: that one is committed', async (t) => {
  const custody = new Custody(t);
  custody.offer('t/a', 'content');
  await custody.hand.dieAt('place.renamed');
  rmSync(toBytes(custody.at('t')), { recursive: true });
  writeFileSync(toBytes(custody.at('t')), 'not complete yet');
  await custody.recover();
  assert.deepEqual([custody.left(), custody.stored()], [['t'], ['t/a']]);
  await custody.assertSound(['content']);
});

test(
  'a source directory that cannot be synced delays its own files alone, and until it can',
  needsRoot,
  async (t) => {
    const custody = new Custody(t);
    const own = custody.at('t');
    custody.drop('t/a', 'kept');
    custody.drop('b', 'of another directory');
    for (const path of [custody.root, custody.input, custody.warehouse, custody.manifests, own])
      chownSync(toBytes(path), NOBODY, NOBODY);
    for (const name of ['t/a', 'b']) custody.enqueue(custody.at(name));
    custody.hand.at('place.data-durable', () => chmodSync(toBytes(own), 0o300));
    await asNobody(async () => await custody.hand.step());
    assert.deepEqual(
      custody.lines().map(({ source }) => source),
      [custody.at('b')],
    );
    const [job, ...others] = custody.records.jobs();
    assert.deepEqual([job?.path, job?.state, job?.attempts, others], [custody.at('t/a'), 'delayed', 0, []]);
    assert.match(job?.reason ?? '', /\/in refuses: permission denied/);
    chmodSync(toBytes(own), 0o700);
    custody.hand.clock.forward(60_000);
    await custody.hand.step();
    await custody.assertSound(['kept', 'of another directory']);
  },
);
