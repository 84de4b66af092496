import assert from 'node:assert/strict';
import { existsSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Slip, sums } from '../support/handed-on.ts';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';

const swift = swiftOfFile();

const KEEP = { options: ['--after', 'keep'] };

/** A target whose files are kept, with what was put into the bucket by each pass. */
async function keeping(t: TestContext) {
  const proxy = await startFaultProxy(t, swift().url);
  const slip = await Slip.make(t, swift(), { url: proxy.url, ...KEEP });
  const puts = () => proxy.requests.filter(({ method }) => method === 'PUT').length;
  /** How many stays began and were completed. */
  const pass = async (): Promise<number> => {
    const before = existsSync(slip.state) ? slip.ends().length : 0;
    const { code, stderr } = await slip.once();
    assert.equal(code, 0, stderr);
    return slip.ends().length - before;
  };
  return { slip, proxy, puts, pass };
}

test(
  'files that are kept are uploaded once, and again only when they were changed',
  needsSwift,
  async (t) => {
    const { slip, puts, pass } = await keeping(t);
    slip.write('a', 'a');
    slip.write('deep/b', 'b');
    assert.equal(await pass(), 2);
    assert.equal(await pass(), 0, 'nothing was changed');
    slip.write('a', 'changed');
    assert.equal(await pass(), 1);
    assert.equal(puts(), 3);
    utimesSync(slip.at('deep/b'), 1_600_000_000, 1_600_000_000);
    await pass();
    assert.equal(puts(), 3, 'what only has another date is there already');
    const next = join(slip.root, 'next');
    writeFileSync(next, 'in its place');
    renameSync(next, slip.at('deep/b'));
    assert.equal(await pass(), 1);
    assert.deepEqual(slip.left(), ['a', 'deep/b']);
    assert.deepEqual(await slip.objects(slip.bucket), sums({ a: 'changed', 'deep/b': 'in its place' }));
    await slip.assertAtRest(slip.bucket);
  },
);

test('files that are kept are not uploaded again by scans, nor after a restart', needsSwift, async (t) => {
  const { slip, puts, pass } = await keeping(t);
  slip.write('a', 'a');
  {
    await using program = slip.run({}, '--log-level', 'debug');
    await program.waitFor('file.uploaded');
    slip.write('b', 'b');
    await program.waitFor(({ event, source }) => event === 'file.uploaded' && source === slip.at('b'));
    const scans = () => program.log.filter(({ event }) => event === 'scan.finished').length;
    const before = scans();
    await program.waitFor(() => scans() >= before + 2);
    assert.equal((await program.stop()).code, 0);
    assert.equal(program.log.filter(({ event }) => event === 'file.uploaded').length, 2);
  }
  assert.equal(await pass(), 0);
  assert.equal(puts(), 2);
});

test('a file that is kept and rewritten while it is uploaded is uploaded again', needsSwift, async (t) => {
  const { slip, proxy } = await keeping(t);
  const held = proxy.pauseAt({ method: 'PUT' });
  await using program = slip.run();
  await program.waitFor('discoverer.started');
  const source = slip.write('a', 'first');
  await held.reached;
  writeFileSync(source, 'second');
  held.release();
  await slip.until('both contents were sent', () => slip.ends().length === 2 && slip.jobs().length === 0);
  assert.equal((await program.stop()).code, 0);
  assert.deepEqual(await slip.objects(slip.bucket), sums({ a: 'second' }));
  assert.deepEqual(slip.ends(), ['a completed', 'a completed']);
});

for (const point of ['upload.recorded', 'upload.sent', 'upload.concluded'])
  test(`a file that is kept is one object when its worker dies at ${point}`, needsSwift, async (t) => {
    const { slip, puts, pass } = await keeping(t);
    slip.write('a', 'a');
    const died = join(slip.root, 'died');
    await slip.once({ WHARFINGER_CRASH_AT: point, WHARFINGER_CRASH_ONCE: died });
    assert.ok(existsSync(died), `${point} was reached`);
    await pass();
    assert.equal(await pass(), 0);
    assert.deepEqual(await slip.objects(slip.bucket), sums({ a: 'a' }));
    assert.deepEqual(slip.ends(), ['a completed']);
    assert.equal(puts(), 1);
    await slip.assertAtRest(slip.bucket);
  });
