import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import type { EventQueue } from '../../../../apps/discoverer/kernel.ts';
import { EnvironmentError } from '../../../../shared/errors.ts';
import { type BytePath, join, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { Harness } from '../harness.ts';

/** Complete as soon as it is seen by an event; scans come only when they are asked for. */
const closeWrite = { mode: 'close-write', stabilityMs: 60_000, scanMs: 3_600_000 } as const;

test('from close to queue takes some milliseconds', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const delays: number[] = [];
  for (let i = 0; i < 10; i++) {
    const fd = openSync(toBytes(h.path(`${i}.csv`)), 'w');
    const closedAtMs = performance.now();
    closeSync(fd);
    await h.until('the job', () => h.enqueued === i + 1);
    delays.push(performance.now() - closedAtMs);
  }
  delays.sort((a, b) => a - b);
  t.diagnostic(`median ${delays[5]?.toFixed(1)} ms`);
  assert.ok((delays[5] ?? Number.NaN) < 250);
});

test('a directory that is moved within the input is watched under its new name, and what lay in it is found there', async (t) => {
  const h = new Harness(t, closeWrite);
  h.write('old/deep/before.csv');
  await h.started();
  await h.untilJobs('old/deep/before.csv');
  h.finish('old/deep/before.csv');
  renameSync(toBytes(h.path('old')), toBytes(h.path('new')));
  await h.untilJobs('new/deep/before.csv');
  h.write('new/deep/after.csv');
  await h.untilJobs('new/deep/after.csv', 'new/deep/before.csv');
});

test('directories that change names in a circle are told apart', async (t) => {
  const h = new Harness(t, closeWrite);
  for (const name of ['a', 'b']) mkdirSync(toBytes(h.path(name)));
  await h.started();
  for (let i = 0; i < 20; i++) {
    renameSync(toBytes(h.path('a')), toBytes(h.path('c')));
    renameSync(toBytes(h.path('b')), toBytes(h.path('a')));
    renameSync(toBytes(h.path('c')), toBytes(h.path('b')));
  }
  const written: string[] = [];
  for (let i = 0; i < 10; i++) {
    written.push(`a/${i}.csv`, `b/${i}.csv`);
    h.write(`a/${i}.csv`);
    h.write(`b/${i}.csv`);
  }
  await h.untilJobs(...written);
});

test('a directory that is moved out is left alone, and watched no longer', async (t) => {
  const h = new Harness(t, closeWrite);
  const queue = interceptedQueue(h);
  h.write('sub/sub/a.csv');
  await h.started();
  await h.untilJobs('sub/sub/a.csv');
  assert.equal(queue.watched.size, 3);
  const outside = join(h.fixture.directory, 'outside');
  renameSync(toBytes(h.path('sub')), toBytes(outside));
  h.write('../outside/sub/elsewhere.csv');
  h.write('mark.csv');
  await h.untilJobs('mark.csv', 'sub/sub/a.csv');
  assert.equal(queue.watched.size, 1);
});

test('a directory that becomes hidden is left alone, one that is hidden no longer is looked into', async (t) => {
  const h = new Harness(t, closeWrite);
  mkdirSync(toBytes(h.path('shown')));
  h.write('.hidden/a.csv');
  await h.started();
  renameSync(toBytes(h.path('shown')), toBytes(h.path('.shown')));
  renameSync(toBytes(h.path('.hidden')), toBytes(h.path('hidden')));
  await h.untilJobs('hidden/a.csv');
  h.write('.shown/b.csv');
  h.write('hidden/c.csv');
  await h.untilJobs('hidden/a.csv', 'hidden/c.csv');
});

test('a directory that vanishes and comes again is watched again', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  for (let i = 0; i < 5; i++) {
    h.write(`sub/sub/${i}.csv`);
    await h.untilJobs(`sub/sub/${i}.csv`);
    rmSync(toBytes(h.path('sub')), { recursive: true });
    h.finish(`sub/sub/${i}.csv`);
  }
});

test('without subdirectories those that appear are left alone', async (t) => {
  const h = new Harness(t, { ...closeWrite, recursive: false });
  await h.started();
  h.write('sub/a.csv');
  h.write('b.csv');
  await h.untilJobs('b.csv');
});

test('a thousand files that arrive at once are all found', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  for (let i = 0; i < 1000; i++) h.write(`${i % 7}/${i}.csv`, '');
  await h.until('all', () => h.enqueued === 1000);
});

test('several routes are watched side by side, each by its own rules', async (t) => {
  const h = new Harness(t, closeWrite);
  const other = join(h.fixture.directory, 'other');
  mkdirSync(toBytes(other));
  await h.started([h.route, { ...h.route, name: 'other', input: toText(other), mode: 'sidecar' }]);
  h.write('a.csv');
  h.write('../other/b.csv');
  await h.until('both', () => h.enqueued === 1 && h.candidates.get(join(other, 'b.csv')) !== undefined);
  h.write('../other/b.csv.ok');
  await h.until('the second', () => h.enqueued === 2);
});

test('many routes are watched without a warning', async (t) => {
  const h = new Harness(t, closeWrite);
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const routes = Array.from({ length: 25 }, (_, i) => {
    const input = join(h.fixture.directory, `input-${i}`);
    mkdirSync(toBytes(input));
    return { ...h.route, name: `route-${i}`, input: toText(input) };
  });
  await h.started(routes);
  for (let i = 0; i < routes.length; i++) h.write(`../input-${i}/a.csv`);
  await h.until('all', () => h.enqueued === routes.length);
  assert.deepEqual(warnings, []);
});

test('it stops at once when it is asked to, also twice, and also before it has begun', async (t) => {
  const h = new Harness(t, closeWrite);
  const running = await h.started();
  await running.stop();
  await running.stop();
  await h.start().stop();
});

test('when the kernel drops events everything is scanned, and nothing is lost', async (t) => {
  const h = new Harness(t, closeWrite);
  const queue = interceptedQueue(h);
  await h.started();
  queue.swallow = true;
  for (let i = 0; i < 20; i++) h.write(`new-${i}/a.csv`);
  queue.swallow = false;
  queue.overflow();
  await h.until('the files that no event told of', () => h.enqueued === 20);
  assert.equal(h.count('watch.overflow'), 1);
  h.write('new-3/b.csv');
  await h.until('the next event, in a directory that no event told of', () => h.enqueued === 21);
});

test('a storm of events that really overflows loses nothing', async (t) => {
  const h = new Harness(t, closeWrite);
  await h.started();
  const path = toBytes(h.path('again.csv'));
  // Synchronously, so that nobody reads meanwhile; a queue holds 16,384 events unless it was made larger.
  for (let i = 0; i < 20_000; i++) {
    closeSync(openSync(path, 'w'));
    if (i % 2 === 0) closeSync(openSync(toBytes(h.path(`${i}.tmp`)), 'w'));
  }
  h.write('last.csv');
  await h.until('the file whose event was dropped', () => h.names().includes('last.csv'));
  const room = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  assert.ok(room > 30_000 || h.count('watch.overflow') > 0);
});

test('where there are no watches left the route is polled, and that is said once with its mend', async (t) => {
  const h = new Harness(t, { ...closeWrite, scanMs: 30 });
  const queue = interceptedQueue(h);
  h.write('sub/a.csv');
  queue.watchesLeft = 1;
  await h.started();
  await h.until('scans', () => h.count('scan.finished') > 3);
  h.write('sub/b.csv');
  await h.until('the file that only a scan can find', () => h.enqueued === 2);
  const degraded = h.log.filter(({ event }) => event === 'watch.degraded');
  assert.deepEqual(
    degraded.map(({ route, hint, level }) => ({ route, hint, level })),
    [{ route: 'orders', hint: 'raise it: sysctl fs.inotify.max_user_watches=1048576', level: 'warn' }],
  );
  assert.equal(queue.watched.size, 0, 'the watches it had are given back');

  queue.watchesLeft = 100;
  h.clock.pass(301_000);
  await h.until('watches', () => h.count('watch.recovered') === 1);
  assert.equal(queue.watched.size, 2);
});

test('without an inotify instance the route is polled as well', async (t) => {
  const h = new Harness(t, { ...closeWrite, scanMs: 30 });
  h.kernel = { ...h.kernel, openInotify: () => refuse('EMFILE') };
  await h.started();
  h.write('a.csv');
  await h.until('the job', () => h.enqueued === 1);
  assert.match(String(h.log.find(({ event }) => event === 'watch.degraded')?.hint), /max_user_instances/);
});

test('a network file system is polled, since events tell nothing of what others do', async (t) => {
  const h = new Harness(t, { mode: 'sidecar', scanMs: 30 });
  h.kernel = {
    ...h.kernel,
    fileSystemType: () => ({ name: 'nfs', isNetwork: true }),
    openInotify: () => assert.fail('nobody should ask'),
  };
  await h.started();
  h.write('a.csv');
  h.write('a.csv.ok');
  await h.until('the job', () => h.enqueued === 1);
  assert.equal(h.count('watch.degraded'), 1);
});

test('asked to poll, it never asks for events', async (t) => {
  const h = new Harness(t, { ...closeWrite, watch: 'poll', scanMs: 30 });
  h.kernel = { ...h.kernel, openInotify: () => assert.fail('nobody should ask') };
  await h.started();
  h.write('a.csv');
  await h.until('the job', () => h.enqueued === 1);
  assert.equal(h.count('watch.degraded'), 0);
});

test('asked for inotify, it ends where that cannot be had', async (t) => {
  const h = new Harness(t, { ...closeWrite, watch: 'inotify' });
  interceptedQueue(h).watchesLeft = 0;
  await assert.rejects(
    h.start().ended,
    (error) =>
      error instanceof EnvironmentError &&
      error.code === 'watch.unavailable' &&
      /max_user_watches/.test(error.hint ?? ''),
  );
});

test('asked for inotify, it watches a network file system', async (t) => {
  const h = new Harness(t, { ...closeWrite, watch: 'inotify' });
  h.kernel = { ...h.kernel, fileSystemType: () => ({ name: 'nfs', isNetwork: true }) };
  await h.started();
  h.write('a.csv');
  await h.until('the job', () => h.enqueued === 1);
});

function refuse(code: string): never {
  throw Object.assign(new Error(code), { code });
}

/** The kernel's own queue, with a hand between. */
function interceptedQueue(h: Harness) {
  const { openInotify } = h.kernel;
  const control = {
    /** Events are read and lost. */
    swallow: false,
    watchesLeft: Number.POSITIVE_INFINITY,
    watched: new Map<number, BytePath>(),
    overflow: () => assert.fail('nothing is open'),
  } as { swallow: boolean; watchesLeft: number; watched: Map<number, BytePath>; overflow(): void };
  h.kernel = {
    ...h.kernel,
    openInotify(onReadable): EventQueue {
      const queue = openInotify(onReadable);
      let overflowed = false;
      control.overflow = () => {
        queue.read();
        overflowed = true;
        onReadable();
      };
      return {
        add(directory, options) {
          if (control.watched.size >= control.watchesLeft) refuse('ENOSPC');
          const wd = queue.add(directory, options);
          control.watched.set(wd, directory);
          return wd;
        },
        remove(wd) {
          control.watched.delete(wd);
          queue.remove(wd);
        },
        read() {
          if (overflowed) {
            overflowed = false;
            return [{ wd: -1, mask: 0x4000, cookie: 0, name: '' }];
          }
          const events = queue.read();
          return control.swallow ? [] : events;
        },
        close: () => queue.close(),
      };
    },
  };
  return control;
}
