import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasOpenWriter } from '../../../shared/linux/open-writer.ts';
import { has } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';

const QUESTIONS = 20_000;

function setUp(t: TestContext): { path: string; reader: number } {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, 'content');
  const reader = openSync(path, 'r');
  t.after(() => closeSync(reader));
  return { path, reader };
}

function forkFixture(t: TestContext, name: string, ...args: string[]): ChildProcess {
  const child = fork(join(import.meta.dirname, 'fixtures', name), args);
  t.after(() => child.kill('SIGKILL'));
  return child;
}

const nextMessage = async (child: ChildProcess): Promise<unknown> => (await once(child, 'message'))[0];

test('a writer in another process is seen until it closes, also when the file is renamed meanwhile', async (t) => {
  const { path, reader } = setUp(t);
  const writer = forkFixture(t, 'writer.ts', path, 'hold');
  assert.equal(await nextMessage(writer), 'open');
  assert.equal(hasOpenWriter(reader), 'yes');
  renameSync(path, `${path}.1`);
  assert.equal(hasOpenWriter(reader), 'yes');
  writer.send('close');
  assert.equal(await nextMessage(writer), 'closed');
  assert.equal(hasOpenWriter(reader), 'no');
});

test('a writer that was killed is gone', async (t) => {
  const { path, reader } = setUp(t);
  const writer = forkFixture(t, 'writer.ts', path, 'hold');
  await nextMessage(writer);
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  assert.equal(hasOpenWriter(reader), 'no');
});

test('a writer that opens at any time is let in, and the signals of broken leases kill nobody', async (t) => {
  const { path, reader } = setUp(t);
  const writer = forkFixture(t, 'writer.ts', path, 'loop');
  let broken = 0;
  const count = () => {
    broken += 1;
  };
  process.on('SIGIO', count);
  t.after(() => process.removeListener('SIGIO', count));
  assert.equal(await nextMessage(writer), 'started');
  const seen = { yes: 0, no: 0, unknown: 0 };
  // At least until a lease was broken for sure: that is the moment that this is about.
  const isSeen = () => broken > 0 && seen.yes > 0 && seen.no > 0;
  for (let asked = 0; asked < QUESTIONS || (!isSeen() && asked < 100 * QUESTIONS); asked += 1) {
    seen[hasOpenWriter(reader)] += 1;
    if (asked % 1000 === 0) await new Promise(setImmediate);
  }
  writer.send('stop');
  const result = await nextMessage(writer);
  assert.ok(typeof result === 'object' && result !== null && 'longestMs' in result && 'opens' in result);
  t.diagnostic(JSON.stringify({ ...seen, broken, ...result }));
  assert.ok(isSeen(), 'no open came between a lease and its end');
  assert.equal(seen.unknown, 0);
  // A lease that is kept blocks for the kernel's lease-break-time, 45 s.
  assert.ok(Number(result.longestMs) < 5000, `an open took ${result.longestMs} ms`);
});

test('a process that has asked survives SIGIO', async (t) => {
  const { path } = setUp(t);
  const asker = forkFixture(t, 'asker.ts', path);
  assert.equal(await nextMessage(asker), 'no');
  asker.kill('SIGIO');
  asker.send('are you there?');
  assert.equal(await nextMessage(asker), 'alive');
});

test('a file that is mapped for writing has a writer, though its descriptor is closed', {
  skip: has('python3') ? false : 'python3 is not installed',
}, async (t) => {
  const { path, reader } = setUp(t);
  const script = [
    'import mmap, os, sys',
    'fd = os.open(sys.argv[1], os.O_RDWR)',
    'held = mmap.mmap(fd, 0)',
    'os.close(fd)',
    'print("mapped", flush=True)',
    'sys.stdin.read()',
  ].join('\n');
  const mapper = spawn('python3', ['-c', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => mapper.kill('SIGKILL'));
  await once(mapper.stdout, 'data');
  assert.equal(hasOpenWriter(reader), 'yes');
  mapper.stdin.end();
  await once(mapper, 'exit');
  assert.equal(hasOpenWriter(reader), 'no');
});
