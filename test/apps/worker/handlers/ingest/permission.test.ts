import assert from 'node:assert/strict';
import { chmodSync, chownSync, closeSync, openSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type BytePath, toBytes } from '../../../../../shared/fs/byte-path.ts';
import { asNobody, needsRoot } from '../../../../support/as-nobody.ts';
import { Custody } from '../../../../support/custody.ts';
import { assertWaits } from '../../../../support/custody-waits.ts';
import { acrossFileSystems, custodyAcross } from '../../../../support/other-file-system.ts';

const OWNER = 12_345;
const mode = (path: BytePath, bits: number) => chmodSync(toBytes(path), bits);

/** Directories that everybody may use, as nobody finds them. */
function openToAll(custody: Custody): Custody {
  for (const directory of [custody.root, custody.input, custody.warehouse, custody.manifests])
    mode(directory, 0o777);
  const step = custody.hand.step.bind(custody.hand);
  custody.hand.step = async (lane) => await asNobody(async () => await step(lane));
  return custody;
}

const custodyOfNobody = (t: TestContext) => openToAll(new Custody(t));

test('a file that may not be read fails with the reason, and stays', needsRoot, async (t) => {
  const custody = custodyOfNobody(t);
  const path = custody.drop('a', 'content');
  mode(path, 0o600);
  custody.enqueue(path);
  await custody.hand.step();
  const [job] = custody.records.jobs();
  assert.deepEqual([job?.state, job?.reason], ['failed', 'it cannot be read: permission denied (EACCES)']);
  assert.deepEqual(custody.left(), ['a']);
});

test(
  'where leases are not for us to have, files are taken without the check for writers',
  needsRoot,
  async (t) => {
    const custody = custodyOfNobody(t);
    const path = custody.drop('a', 'content');
    chownSync(toBytes(path), OWNER, OWNER);
    custody.enqueue(path);
    const fd = openSync(toBytes(path), 'a');
    t.after(() => closeSync(fd));
    await custody.hand.step();
    await custody.assertSound(['content']);
  },
);

test('a file in a directory that may not be written to fails with the reason', needsRoot, async (t) => {
  const custody = custodyOfNobody(t);
  const path = custody.offer('a', 'content');
  mode(custody.input, 0o755);
  await custody.hand.step();
  const [job] = custody.records.jobs();
  assert.equal(job?.reason, 'it cannot be taken out of its directory: permission denied (EACCES)');
  assert.deepEqual([custody.records.ledger(), custody.left(), job?.path], [[], ['a'], path]);
});

test('across file systems such a file fails as well, and no copy of it stays', {
  skip: needsRoot.skip || acrossFileSystems.skip,
}, async (t) => {
  const custody = openToAll(custodyAcross(t));
  custody.offer('a', 'content');
  mode(custody.input, 0o755);
  await custody.hand.step();
  assert.equal(
    custody.records.jobs()[0]?.reason,
    'it cannot be taken out of its directory: permission denied (EACCES)',
  );
  assert.deepEqual([custody.records.ledger(), custody.left(), custody.stored()], [[], ['a'], []]);

  mode(custody.input, 0o777);
  custody.hand.state.prepare("UPDATE jobs SET state = 'ready'").run();
  await custody.hand.step();
  await custody.assertSound(['content']);
});

for (const place of ['warehouse', 'manifests'] as const) {
  test(`while the directory of ${place} may not be written to, the files wait`, needsRoot, async (t) => {
    const custody = custodyOfNobody(t);
    mode(custody[place], 0o755);
    const contents = await assertWaits(
      custody,
      /refuses: permission denied \(EACCES\); to mend it: let this user write there$/,
    );
    mode(custody[place], 0o777);
    await custody.hand.step();
    await custody.assertSound(contents);
  });
}

for (const point of ['ingest.read', 'ingest.decided'] as const) {
  test(
    `a file whose directory may not even be looked into from ${point} on holds up no other`,
    needsRoot,
    async (t) => {
      const custody = custodyOfNobody(t);
      custody.offer('shut/a', 'content of a');
      custody.offer('b', 'content of b');
      mode(custody.at('shut'), 0o777);
      const atPoint = () => {
        process.seteuid?.(0);
        mode(custody.at('shut'), 0);
        process.seteuid?.(65_534);
      };
      custody.hand.at(point, atPoint);
      await custody.hand.step();
      assert.deepEqual(custody.hand.said('state.refused'), []);
      assert.deepEqual(custody.stored(), ['b']);
      const [job] = custody.records.jobs();
      assert.equal(job?.state, 'failed');

      mode(custody.at('shut'), 0o777);
      custody.hand.state.prepare("UPDATE jobs SET state = 'ready'").run();
      await custody.hand.step();
      await custody.assertSound(['content of a', 'content of b']);
    },
  );
}
