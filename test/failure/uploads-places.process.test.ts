import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fromText } from '../../shared/fs/byte-path.ts';
import { makeImmutable, needsImmutable } from '../support/immutable.ts';
import { cannotMount, mountTmpfs } from '../support/mounts.ts';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { slowDown } from '../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';
import type { Program } from '../support/program.ts';
import { sha256Of } from '../support/wharf.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

const needsSwiftAnd = (needed: { skip: string | false }) => ({
  skip: needsSwift.skip === false ? needed.skip : needsSwift.skip,
});

test('a file that a program writes to is not taken before it is closed', needsSwift, async (t) => {
  const pier = await Pier.make(t, swift());
  const path = pier.drop('written.txt', '');
  const fd = openSync(path, 'a');
  writeSync(fd, 'first half, ');
  await using program = pier.serve();
  await program.waitFor('discoverer.started');
  pier.drop('other.txt', 'other');
  await pier.until('the other is uploaded', () => pier.files('completed').length === 1);
  assert.deepEqual(pier.files('incoming'), ['written.txt']);
  writeSync(fd, 'second half');
  closeSync(fd);
  pier.put.set('written.txt', sha256Of('first half, second half'));
  await pier.until('it is uploaded', () => pier.files('completed').length === 2);
  assert.equal((await program.stop()).code, 0);
  await pier.assertAllUploadedOnce();
});

const REASON = 'Please reduce your request rate. (SlowDown, 503); given up after 0 retries';

/** A file, and a worker that has it in hand and has not moved it yet. */
async function atHand(t: TestContext): Promise<{ pier: Pier; program: Program; goOn(): void }> {
  const pier = await Pier.make(t, swift());
  pier.drop('a.txt', 'as it was');
  const file = join(pier.root, 'paused');
  const program = pier.serve({ WHARFINGER_PAUSE_AT: 'upload.recorded', WHARFINGER_PAUSE_FILE: file });
  await pier.until('it is in hand', () => existsSync(file));
  return { pier, program, goOn: () => rmSync(file) };
}

test(
  'a file that is renamed while it is in hand is uploaded under its new name alone',
  needsSwift,
  async (t) => {
    const { pier, program, goOn } = await atHand(t);
    await using _ = program;
    renameSync(pier.at('incoming', 'a.txt'), pier.at('incoming', 'b.txt'));
    goOn();
    pier.put.set('b.txt', sha256Of('as it was'));
    pier.put.delete('a.txt');
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    assert.equal((await program.stop()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a file that is replaced while it is in hand is not sent, and the one in its place is',
  needsSwift,
  async (t) => {
    const { pier, program, goOn } = await atHand(t);
    await using _ = program;
    pier.drop('a.txt', 'another one');
    goOn();
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(
      pier
        .records()
        .map(({ current_state }) => current_state)
        .sort(),
      ['completed', 'gone'],
    );
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a file that is written to while it is in hand goes back, and is uploaded as it is in the end',
  needsSwift,
  async (t) => {
    const { pier, program, goOn } = await atHand(t);
    await using _ = program;
    const fd = openSync(pier.at('incoming', 'a.txt'), 'a');
    goOn();
    await pier.until('it is let go', () =>
      pier.records().some(({ current_state }) => current_state === 'gone'),
    );
    assert.deepEqual([pier.files('incoming'), pier.files('processing')], [['a.txt'], []]);
    writeSync(fd, ', and more');
    closeSync(fd);
    pier.put.set('a.txt', sha256Of('as it was, and more'));
    await pier.until('it is uploaded', () => pier.files('completed').length === 1);
    assert.equal((await program.stop()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a file whose place refuses it waits in processing, uploaded or given up once, until the place is mended',
  needsSwiftAnd(needsImmutable),
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    const places = ['completed', 'failed'].map((place) => {
      mkdirSync(join(pier.directory, place, 'lab', pier.bucket));
      return makeImmutable(t, fromText(join(pier.directory, place, 'lab', pier.bucket)));
    });
    pier.drop('good.txt', 'good');
    pier.drop('bad.txt', 'bad');
    pier.put.delete('bad.txt');
    proxy.fail({ method: 'PUT', path: /\/bad\.txt\?/ }, slowDown);
    await using program = pier.serve({}, '--max-retries', '0');
    await program.waitFor('discoverer.started');
    await pier.until('both wait', () => pier.jobs().filter(({ state }) => state === 'delayed').length === 2);
    assert.deepEqual(
      pier
        .records()
        .map(({ filepath, current_state, upload_outcome, reason }) => [
          filepath,
          current_state,
          upload_outcome,
          reason,
        ])
        .sort(),
      [
        ['bad.txt', 'processing', 'failure', REASON],
        ['good.txt', 'processing', 'success', 'it was uploaded, and cannot be moved away (EPERM)'],
      ],
    );
    assert.deepEqual(pier.files('processing'), ['bad.txt', 'good.txt']);
    for (const place of places) place.change();
    await pier.queue('retry', '--delayed');
    await pier.until(
      'both have left',
      () => pier.files('completed').length + pier.files('failed').length === 2,
    );
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual([pier.files('completed'), pier.files('failed')], [['good.txt'], ['bad.txt']]);
    assert.equal(proxy.requests.filter(({ method }) => method === 'PUT').length, 2, 'each was sent once');
    const [job] = pier.jobs();
    assert.deepEqual([job?.state, job?.reason], ['failed', REASON]);
  },
);

test(
  'a place on another file system is refused at the start, by name',
  needsSwiftAnd({ skip: cannotMount() ?? false }),
  async (t) => {
    const pier = await Pier.make(t, swift());
    const place = join(pier.directory, 'processing');
    mountTmpfs(t, place, MIB);
    pier.drop('a.txt', 'a');
    const run = await pier.once();
    assert.equal(run.code, 5, run.stderr);
    assert.match(run.stderr, /are on different file systems/);
    assert.ok(run.stderr.includes(place), run.stderr);
    assert.deepEqual(pier.files('incoming'), ['a.txt']);
  },
);
