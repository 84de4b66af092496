import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ArchiveTools } from '../../../../../apps/worker/handlers/archive/tools.ts';
import { EnvironmentError } from '../../../../../shared/errors.ts';
import { toBytes } from '../../../../../shared/fs/byte-path.ts';
import { ArchiveCustody } from '../../../../support/archive-custody.ts';

const reasons = (yard: ArchiveCustody) =>
  yard.rows<{ reason: string }>("SELECT reason FROM jobs WHERE state = 'failed'").map(({ reason }) => reason);

test('the files of a claim are deposited in one staging archive, which is closed', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one', 'sub/b.csv': 'two' });
  assert.equal(await yard.hand.step('archive'), 2);
  const [only, ...others] = yard.inbox();
  assert.match(only ?? '', /\.zip$/);
  assert.deepEqual(others, []);
  assert.deepEqual(yard.deposits(), [
    { member: 'a.csv', state: 'staged', release: null },
    { member: 'sub/b.csv', state: 'staged', release: null },
  ]);
  assert.deepEqual(yard.jobs(), [{ kind: 'scavenge', state: 'delayed', reason: null }]);
});

test('a file that is not what was committed any more fails alone, with the reason', async (t) => {
  const yard = new ArchiveCustody(t);
  const { custody } = yard;
  const names = ['gone', 'grown', 'changed', 'link', 'good'];
  await yard.commit(Object.fromEntries(names.map((name) => [name, `content of ${name}`])));
  const at = (name: string) => toBytes(custody.storedAt(name));
  rmSync(at('gone'));
  appendFileSync(at('grown'), '!');
  writeFileSync(at('changed'), 'CONTENT of changed');
  const link = at('link');
  rmSync(link);
  symlinkSync('/etc/passwd', link);
  await yard.hand.step('archive');
  assert.deepEqual(
    yard.deposits().map(({ member }) => member),
    ['good'],
  );
  const said = reasons(yard).sort().join('\n');
  assert.match(said, /^it has 17 bytes by now; 16 were committed/m);
  assert.match(said, /^it is a symbolic link by now$/m);
  assert.match(said, /^it is not in the warehouse any more: somebody has taken it away$/m);
  assert.match(said, /^it is not what was committed any more/m);
  assert.equal(reasons(yard).length, 4);
});

test('a name that will not do fails for good, and says why', async (t) => {
  const yard = new ArchiveCustody(t, {
    sinks: [{ to: { archive: '{name}/day.zip', member: '{path}' } }],
  });
  await yard.commit({ 'one.zip': 'a zip within a name', 'two.csv': 'good' });
  const wrong = Buffer.concat([Buffer.from('latin-'), Buffer.from([0xe4])]);
  yard.custody.offer(wrong, 'not UTF-8');
  await yard.custody.hand.step();
  await yard.hand.step('archive');
  assert.deepEqual(yard.rows('SELECT archive, member FROM archive_deposits'), [
    { archive: 'two.csv/day.zip', member: 'two.csv' },
  ]);
  const said = reasons(yard).sort();
  assert.match(said[0] ?? '', /^its name is not UTF-8/);
  assert.match(said[1] ?? '', /^its name makes "one\.zip" the archive, where "one\.zip\/day\.zip" is meant/);
});

test('a base that is away has its files wait, is said once, and is used again when it is back', async (t) => {
  const yard = new ArchiveCustody(t);
  const { hand, base } = yard;
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
  renameSync(base, `${base}.away`);
  await hand.step('archive');
  assert.deepEqual(
    yard.jobs().map(({ state }) => state),
    ['delayed', 'delayed'],
  );
  assert.match(yard.jobs()[0]?.reason ?? '', /the base of archives .* is not there/);
  assert.equal(hand.said('place.refused').length, 1);
  renameSync(`${base}.away`, base);
  hand.clock.forward(2000);
  await hand.run();
  assert.equal(hand.said('place.recovered').length, 1);
  assert.deepEqual(
    yard.deposits().map(({ state }) => state),
    ['published', 'published'],
  );
});

test('a base that has lost its mark is taken for a mount point that is not mounted', async (t) => {
  const yard = new ArchiveCustody(t);
  const { hand, base } = yard;
  await yard.commit({ 'a.csv': 'one' });
  await hand.run();
  renameSync(base, `${base}.mounted`);
  mkdirSync(base);
  await yard.commit({ 'b.csv': 'two' });
  await hand.step('archive');
  assert.match(yard.jobs()[0]?.reason ?? '', /has lost its \.wharfinger: its file system is not mounted/);
  assert.deepEqual(await yard.findings(), [
    `unasked-archives ${base}: its archives were not compared: it has lost its .wharfinger, so its file system is not mounted`,
  ]);
  rmSync(base, { recursive: true });
  renameSync(`${base}.mounted`, base);
  hand.clock.forward(2000);
  await hand.run();
  assert.deepEqual(await yard.findings(), []);
  assert.equal(yard.find('b.csv', 'two'), 'b.csv');
});

test('deposits in a staging archive that could not be closed are made again, and are there once', async (t) => {
  let closings = 0;
  const { realTools } = await import('../../../../../apps/worker/handlers/archive/tools.ts');
  const { thisProcess } = await import('../../../../../shared/linux/process-identity.ts');
  const { systemClock } = await import('../../../../../shared/clock.ts');
  const real = realTools({ identity: thisProcess(), clock: systemClock, crash: { reach: () => undefined } });
  const archive: ArchiveTools = {
    async openDepositor(base, compression) {
      const depositor = await real.openDepositor(base, compression);
      return {
        deposit: (to, content, facts) => depositor.deposit(to, content, facts),
        async close() {
          await depositor.close();
          closings += 1;
          if (closings === 1)
            throw new EnvironmentError('no space', { code: 'archive.no-space', retryable: true });
        },
      };
    },
  };
  const yard = new ArchiveCustody(t, { tools: { archive } });
  await yard.commit({ 'a.csv': 'one', 'b.csv': 'two' });
  await yard.hand.step('archive');
  assert.deepEqual(yard.deposits(), []);
  yard.hand.clock.forward(2000);
  await yard.hand.run();
  assert.equal(closings, 2);
  assert.deepEqual(
    yard.deposits().map(({ state }) => state),
    ['published', 'published'],
  );
  assert.deepEqual(await yard.findings(), []);
});

test('a warehouse that is not mounted is waited for', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one' });
  const warehouse = toBytes(yard.custody.warehouse).toString();
  renameSync(warehouse, `${warehouse}.away`);
  mkdirSync(warehouse);
  await yard.hand.step('archive');
  assert.match(yard.jobs()[0]?.reason ?? '', /the warehouse .* is not there, or has lost its mark/);
  rmSync(warehouse, { recursive: true });
  renameSync(`${warehouse}.away`, warehouse);
  yard.hand.clock.forward(60_000);
  await yard.hand.run();
  assert.equal(yard.find('a.csv', 'one'), 'a.csv');
});

test('a stop gives back what is not deposited yet', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one' });
  const jobs = yard.hand.claim('archive');
  yard.hand.stop.abort();
  await yard.hand.handle('archive', jobs);
  assert.deepEqual(yard.jobs(), [{ kind: 'archive', state: 'ready', reason: null }]);
});

test('a holder whose lease was taken away records nothing, and its file is in the archive once', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one' });
  const late = yard.anotherHand('late');
  const jobs = late.claim('archive');
  late.at('archive.deposited', () => yard.hand.takeLeasesOfOthers());
  await late.handle('archive', jobs);
  assert.equal(late.said('lease.lost').length, 1);
  assert.deepEqual(yard.deposits(), []);
  await yard.hand.run();
  assert.deepEqual(yard.deposits(), [{ member: 'a.csv', state: 'published', release: null }]);
  assert.deepEqual(yard.inbox(), []);
  assert.deepEqual(await yard.findings(), []);
});

test('a file that came under the name of one that somebody took away is deposited too', async (t) => {
  const yard = new ArchiveCustody(t);
  await yard.commit({ 'a.csv': 'one' });
  const jobs = yard.hand.claim('archive');
  rmSync(toBytes(yard.custody.storedAt('a.csv')));
  await yard.commit({ 'a.csv': 'another' });
  await yard.hand.handle('archive', jobs);
  await yard.hand.run();
  assert.equal(yard.find('a.csv', 'another'), 'a.csv');
  assert.deepEqual(yard.jobs(), []);
});

test('two sinks have each file once, and one base is collected for both', async (t) => {
  const yard = new ArchiveCustody(t, {
    sinks: [{}, { to: { archive: 'other/{route}.zip', member: 'x/{name}' }, compression: 'store' }],
  });
  await yard.commit({ 'a.csv': 'one'.repeat(100) });
  await yard.hand.run();
  assert.equal(yard.find('a.csv', 'one'.repeat(100)), 'a.csv');
  assert.equal(yard.find('x/a.csv', 'one'.repeat(100), 'other/orders.zip'), 'x/a.csv');
  assert.deepEqual(yard.jobs(), []);
});
