import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { slow, stall, stallMidBody, stallReply } from '../support/object-store/faults.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

test(
  'a stop in the middle of many files and a large one ends soon, charges nothing, and loses nothing',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    for (let n = 0; n < 300; n++) pier.drop(`${n}.txt`, `content ${n}`);
    pier.drop('large.bin', randomBytes(33 * MIB));
    proxy.fail({ method: 'PUT', path: /partNumber=4/ }, slow(100_000));
    const pause = proxy.pauseAt({ method: 'PUT', path: /\/150\.txt\?/ }, 'reply');
    {
      await using program = pier.serve({}, '--stop-seconds', '5');
      await pause.reached;
      await pier.until('the large file is under way', () =>
        proxy.requests.some(({ path }) => /partNumber=4/.test(path)),
      );
      const askedMs = performance.now();
      assert.equal((await program.stop()).code, 0);
      assert.ok(performance.now() - askedMs < 6_000, `${performance.now() - askedMs} ms`);
      assert.deepEqual(
        program.log.filter(({ level }) => level === 'error'),
        [],
      );
    }
    const attempts = pier.attempts();
    assert.ok(attempts.every(({ outcome }) => outcome !== 'failure'));
    // Those that had not begun have no attempt: there were 16 under way at the most in each worker, and the large one.
    const interrupted = attempts.filter(({ outcome }) => outcome === 'interrupted');
    assert.ok(interrupted.length >= 1 && interrupted.length <= 33, `${interrupted.length} were interrupted`);
    assert.deepEqual(pier.read("SELECT id FROM jobs WHERE attempts > 0 OR state <> 'ready'"), []);
    assert.deepEqual(pier.read('SELECT id FROM file_records WHERE retries > 0'), []);
    await proxy.restore();
    const before = proxy.requests.length;
    const last = await pier.once();
    assert.equal(last.code, 0, last.stderr);
    await pier.assertAllUploadedOnce();
    const parts = proxy.requests.slice(before).flatMap(({ path }) => /partNumber=(\d)/.exec(path)?.[1] ?? []);
    assert.ok(!parts.includes('1'), `what had arrived of the large file is not sent again, but ${parts}`);
  },
);

test(
  'a server that has stopped answering holds up neither a stop nor another provider, and nothing is lost by it',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.addProfile('near', swift().url);
    const near = await swift().makeBucket();
    const stalls = {
      request: stall,
      reply: stallReply,
      body: stallMidBody(1000),
      'large-body': stallMidBody(MIB),
    };
    for (const [name, fault] of Object.entries(stalls)) {
      pier.drop(name, randomBytes(name === 'large-body' ? 17 * MIB : 20_000));
      proxy.fail({ method: 'PUT', path: new RegExp(`/${name}\\?`) }, fault);
    }
    {
      await using program = pier.serve({}, '--stop-seconds', '5');
      await pier.until('all are held', () =>
        Object.keys(stalls).every((name) =>
          proxy.requests.some(({ method, path }) => method === 'PUT' && path.includes(`/${name}?`)),
        ),
      );
      pier.drop('near.txt', 'near', near, 'near');
      await pier.until('the other goes on', () => pier.files('completed', near, 'near').length === 1);
      const askedMs = performance.now();
      assert.equal((await program.stop()).code, 0);
      assert.ok(performance.now() - askedMs < 6_000, `${performance.now() - askedMs} ms`);
    }
    assert.deepEqual(
      pier.jobs().map(({ state }) => state),
      Array(4).fill('ready'),
    );
    await proxy.restore();
    const last = await pier.once();
    assert.equal(last.code, 0, last.stderr);
    await pier.assertAllUploadedOnce();
  },
);

test(
  'a stop while it is asked whether a bucket is there gives its files back untouched',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const pier = await Pier.make(t, swift(), proxy.url);
    pier.drop('a.txt', 'a');
    const pause = proxy.pauseAt({ method: 'GET', path: /^\/(\?|$)/ });
    {
      await using program = pier.serve({}, '--workers', '1', '--stop-seconds', '5');
      await pause.reached;
      assert.equal((await program.stop()).code, 0);
    }
    assert.deepEqual(pier.files('incoming'), ['a.txt']);
    assert.deepEqual(
      pier.jobs().map(({ state, reason }) => [state, reason]),
      [['ready', null]],
    );
    await proxy.restore();
    assert.equal((await pier.once()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);
