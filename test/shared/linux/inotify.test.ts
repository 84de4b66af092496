import assert from 'node:assert/strict';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type BytePath, fromText, join, toBytes } from '../../../shared/fs/byte-path.ts';
import { IN, Inotify, type InotifyEvent } from '../../../shared/linux/inotify.ts';
import { tempDir } from '../../support/temp.ts';

/** Collects what comes, in the way that a user of the class does. */
class Collector {
  readonly inotify: Inotify;
  readonly events: InotifyEvent[] = [];
  #wake: (() => void) | undefined;
  calls = 0;

  constructor(t: TestContext) {
    this.inotify = new Inotify({
      onReadable: () => {
        this.calls += 1;
        this.events.push(...this.inotify.read());
        this.#wake?.();
      },
    });
    t.after(() => this.inotify.close());
  }

  /** Resolves with the first event that fits, also one from before. */
  async until(fits: (event: InotifyEvent) => boolean): Promise<InotifyEvent> {
    for (;;) {
      const found = this.events.find(fits);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}

const of =
  (bit: number, name?: string) =>
  (event: InotifyEvent): boolean =>
    (event.mask & bit) !== 0 && (name === undefined || event.name === name);

function setUp(t: TestContext): { directory: BytePath; collector: Collector; inotify: Inotify } {
  const directory = fromText(tempDir(t));
  const collector = new Collector(t);
  return { directory, collector, inotify: collector.inotify };
}

test('a file that was written is told when it is closed, not before', async (t) => {
  const { directory, collector, inotify } = setUp(t);
  const wd = inotify.add(directory);
  const fd = openSync(`${directory}/file`, 'w');
  writeSync(fd, 'content');
  await collector.until(of(IN.CREATE, 'file'));
  assert.ok(!collector.events.some(of(IN.CLOSE_WRITE)));
  closeSync(fd);
  const event = await collector.until(of(IN.CLOSE_WRITE));
  assert.deepEqual(event, { wd, mask: IN.CLOSE_WRITE, cookie: 0, name: 'file' });
});

test('a file that was moved or linked in, and a directory that was made, are told', async (t) => {
  const { directory, collector, inotify } = setUp(t);
  mkdirSync(`${directory}/watched`);
  writeFileSync(`${directory}/outside`, '');
  inotify.add(join(directory, 'watched'));
  linkSync(`${directory}/outside`, `${directory}/watched/linked`);
  renameSync(`${directory}/outside`, `${directory}/watched/moved`);
  mkdirSync(`${directory}/watched/made`);
  await collector.until(of(IN.CREATE, 'linked'));
  const moved = await collector.until(of(IN.MOVED_TO, 'moved'));
  assert.notEqual(moved.cookie, 0);
  const made = await collector.until(of(IN.CREATE, 'made'));
  assert.equal(made.mask, (IN.CREATE | IN.ISDIR) >>> 0);
});

test('names of any bytes and lengths come as they are', async (t) => {
  const { directory, collector, inotify } = setUp(t);
  inotify.add(directory);
  const lengths = [1, 2, 14, 15, 16, 17, 254, 255].map((length) => 'x'.repeat(length));
  const names = ['\xff\xfe', 'new\nline', 'a\xe4', '\xc3\xa4', ...lengths];
  for (const name of names) writeFileSync(toBytes(join(directory, name)), '');
  for (const name of names) await collector.until(of(IN.CLOSE_WRITE, name));
  assert.deepEqual(
    collector.events.filter(of(IN.CLOSE_WRITE)).map(({ name }) => name),
    names,
  );
});

test('a directory has one number however often it is added, and numbers are not used again', (t) => {
  const { directory, inotify } = setUp(t);
  mkdirSync(`${directory}/a`);
  symlinkSync('a', `${directory}/link`);
  const wd = inotify.add(join(directory, 'a'));
  assert.equal(inotify.add(join(directory, 'a')), wd);
  assert.equal(inotify.add(join(directory, 'link'), { followLink: true }), wd);
  inotify.remove(wd);
  assert.ok(inotify.add(join(directory, 'a')) > wd);
});

test('a removed watch says that it is gone, and removing it again does nothing', async (t) => {
  const { directory, collector, inotify } = setUp(t);
  const wd = inotify.add(directory);
  inotify.remove(wd);
  inotify.remove(wd);
  inotify.remove(4711);
  assert.equal((await collector.until(of(IN.IGNORED))).wd, wd);
  writeFileSync(`${directory}/file`, '');
  assert.deepEqual(inotify.read(), []);
});

test('a directory that is removed or moved says so', async (t) => {
  const { directory, collector, inotify } = setUp(t);
  for (const name of ['gone', 'moved']) mkdirSync(`${directory}/${name}`);
  const gone = inotify.add(join(directory, 'gone'));
  const moved = inotify.add(join(directory, 'moved'));
  rmdirSync(`${directory}/gone`);
  renameSync(`${directory}/moved`, `${directory}/elsewhere`);
  const event = await collector.until(of(IN.DELETE_SELF));
  assert.deepEqual([event.wd, event.name], [gone, '']);
  assert.equal((await collector.until(of(IN.IGNORED))).wd, gone);
  assert.equal((await collector.until(of(IN.MOVE_SELF))).wd, moved);
});

test('what cannot be watched is an error as node:fs throws it', (t) => {
  const { directory, inotify } = setUp(t);
  writeFileSync(`${directory}/file`, '');
  symlinkSync('.', `${directory}/link`);
  const add = (name: string) => () => inotify.add(join(directory, name));
  assert.throws(add('missing'), {
    code: 'ENOENT',
    path: `${directory}/missing`,
    syscall: 'inotify_add_watch',
  });
  assert.throws(add('file'), { code: 'ENOTDIR' });
  assert.throws(add('link'), { code: 'ENOTDIR' });
});

test('a read takes some thousands of events, and those left are told again', async (t) => {
  const { directory, collector, inotify } = setUp(t);
  inotify.add(directory, { mask: IN.CREATE });
  const limit = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  const files = Math.min(12_000, limit - 1);
  const base = `${directory}/base`;
  writeFileSync(base, '');
  for (let i = 0; i < files; i += 1) linkSync(base, `${directory}/${i}-${'x'.repeat(100)}`);
  await collector.until(of(IN.CREATE, `${files - 1}-${'x'.repeat(100)}`));
  assert.ok(collector.calls > 1, `${collector.calls} calls`);
  assert.equal(collector.events.filter(of(IN.CREATE)).length, files + 1);
  assert.deepEqual(inotify.read(), []);
});

test('an overflow is told', async (t) => {
  const limit = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  if (limit > 65_536) return t.skip('the queue of this machine is too long to fill');
  const { directory, collector, inotify } = setUp(t);
  inotify.add(directory, { mask: IN.CREATE | IN.DELETE });
  writeFileSync(`${directory}/base`, '');
  for (let i = 0; i < limit; i += 2) {
    linkSync(`${directory}/base`, `${directory}/link`);
    unlinkSync(`${directory}/link`);
  }
  const overflow = await collector.until(of(IN.Q_OVERFLOW));
  assert.deepEqual(overflow, { wd: -1, mask: IN.Q_OVERFLOW, cookie: 0, name: '' });
});

test('promises that are settled in onReadable go on at once', async (t) => {
  const directory = fromText(tempDir(t));
  const { promise, resolve } = Promise.withResolvers<string>();
  const inotify = new Inotify({
    onReadable: () => {
      inotify.read();
      resolve('told');
    },
  });
  t.after(() => inotify.close());
  inotify.add(directory);
  writeFileSync(`${directory}/file`, '');
  assert.equal(await promise, 'told');
});

test('after close nothing is called any more, and its number is not used', async (t) => {
  const directory = fromText(tempDir(t));
  let calls = 0;
  const inotify = new Inotify({
    onReadable: () => {
      calls += 1;
    },
  });
  inotify.add(directory);
  writeFileSync(`${directory}/file`, '');
  inotify.close();
  inotify.close();
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.equal(calls, 0);
  assert.throws(() => inotify.read(), /closed/);
  assert.throws(() => inotify.add(directory), /closed/);
});

test('one that is closed while its events are on their way to it is not called', async (t) => {
  const directory = fromText(tempDir(t));
  const called: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const closeBoth = (name: string) => {
    called.push(name);
    for (const inotify of both) inotify.close();
    setImmediate(resolve);
  };
  const both = ['first', 'second'].map((name) => new Inotify({ onReadable: () => closeBoth(name) }));
  for (const inotify of both) inotify.add(directory);
  writeFileSync(`${directory}/file`, '');
  await promise;
  assert.equal(called.length, 1);
});
