import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { type BytePath, toBytes } from '../../../../../shared/fs/byte-path.ts';
import { manifestPathOf } from '../../../../../shared/manifest/record.ts';
import { retryJobs } from '../../../../../shared/queue/inspect/retry.ts';
import { Custody } from '../../../../support/custody.ts';
import { makeImmutable, needsImmutable } from '../../../../support/immutable.ts';

test('manifests of one route that refuse hold up no file of another', async (t) => {
  const custody = new Custody(t);
  const bills = custody.at('bills', custody.root);
  mkdirSync(toBytes(bills));
  const manifests = custody.at('of bills', custody.root);
  const HOUR_MS = 3_600_000;
  for (const later of [0, HOUR_MS])
    mkdirSync(toBytes(manifestPathOf(manifests, Date.now() + later)), { recursive: true });
  const routeId = custody.saveRoute({ name: 'bills', input: bills, manifests });
  for (let round = 0; round < 3; round += 1) {
    custody.offer(`order ${round}`, `order ${round}`);
    custody.enqueue(custody.drop(`bill ${round}`, `bill ${round}`, bills), { routeId });
    await custody.hand.step();
    assert.deepEqual(custody.left(), []);
    custody.hand.clock.forward(40_000);
  }
  assert.deepEqual(
    custody.lines().map(({ source }) => source.slice(-7)),
    ['order 0', 'order 1', 'order 2'],
  );
  assert.equal(custody.records.jobs().length, 3);
  assert.equal(custody.hand.said('place.refused').length, 1);

  rmSync(toBytes(manifests), { recursive: true });
  mkdirSync(toBytes(manifests));
  await custody.hand.step();
  assert.deepEqual(custody.records.jobs(), []);
  assert.equal(custody.lines().length, 3);
  assert.deepEqual(await custody.findings(), []);
});

test('a directory of duplicates that is missing holds up the duplicates alone', async (t) => {
  const custody = new Custody(t, { duplicates: '/nowhere' as BytePath });
  custody.offer('a', 'same');
  await custody.hand.step();
  for (let round = 0; round < 3; round += 1) {
    custody.offer(`copy ${round}`, 'same');
    custody.offer(`new ${round}`, `new ${round}`);
    await custody.hand.step();
    custody.hand.clock.forward(40_000);
  }
  assert.deepEqual(custody.stored(), ['a', 'new 0', 'new 1', 'new 2']);
  assert.deepEqual(
    custody.hand.said('place.refused').map(({ path }) => path),
    ['/nowhere'],
  );
  assert.equal(custody.hand.said('place.recovered').length, 0);
});

test('files that wait for a place go to the one that the configuration names by now', async (t) => {
  const custody = new Custody(t);
  const contents = ['a', 'b'];
  for (const name of contents) custody.offer(name, name);
  await custody.hand.dieAt('ingest.decided');
  const larger = custody.at('larger', custody.root);
  mkdirSync(toBytes(larger));
  custody.saveRoute({ warehouse: larger, duplicates: custody.at('_duplicates', larger) });
  await custody.recover();
  assert.deepEqual([custody.stored(), custody.stored(larger)], [[], contents]);
  await custody.assertSound(contents);
});

test('a file that was moved to a warehouse that is away by now is not given up: it fails, and a retry finds it', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'content');
  await custody.hand.dieAt('place.renamed');
  const away = custody.at('away', custody.root);
  renameSync(toBytes(custody.warehouse), toBytes(away));
  const larger = custody.at('larger', custody.root);
  mkdirSync(toBytes(larger));
  custody.saveRoute({ warehouse: larger, duplicates: custody.at('_duplicates', larger) });
  await custody.recover();
  const [job] = custody.records.jobs();
  assert.equal(job?.state, 'failed');
  assert.match(job?.reason ?? '', /^it was on its way to .*\/a, and its directory is not there: /);
  renameSync(toBytes(away), toBytes(custody.warehouse));
  retryJobs(custody.hand.state, [job?.id ?? 0], Date.now());
  await custody.hand.run();
  assert.deepEqual(custody.stored(), ['a']);
  await custody.assertSound(['content']);
});

test('a new route does not take the empty mount point of a warehouse that another one has marked', async (t) => {
  const custody = new Custody(t);
  custody.offer('a', 'one');
  await custody.hand.step();
  renameSync(toBytes(custody.warehouse), toBytes(custody.at('unmounted', custody.root)));
  const input = custody.at('in2', custody.root);
  for (const directory of [custody.warehouse, input]) mkdirSync(toBytes(directory));
  custody.enqueue(custody.drop('b', 'two', input), { routeId: custody.saveRoute({ input, name: 'second' }) });
  await custody.hand.step();
  assert.deepEqual(custody.stored(), []);
  assert.match(custody.records.jobs()[0]?.reason ?? '', /has lost its mark/);
});

test(
  'a file that may not be taken out of its directory fails, and nothing of the decision stays',
  needsImmutable,
  async (t) => {
    const custody = new Custody(t);
    const path = custody.offer('a', 'content');
    const immutable = makeImmutable(t, path);
    custody.enqueue(path);
    custody.hand.state.prepare('UPDATE jobs SET fingerprint = ?').run(custody.fingerprint(path));
    await custody.hand.step();
    const [job] = custody.records.jobs();
    assert.deepEqual(
      [job?.state, job?.reason],
      ['failed', 'it cannot be taken out of its directory: operation not permitted (EPERM)'],
    );
    assert.deepEqual([custody.records.ledger(), custody.stored(), custody.left()], [[], [], ['a']]);

    immutable.change();
    custody.hand.state
      .prepare("UPDATE jobs SET state = 'ready', fingerprint = ?")
      .run(custody.fingerprint(path));
    await custody.hand.run();
    await custody.assertSound(['content']);
  },
);
