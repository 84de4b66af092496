import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FromChild } from '../../../shared/ipc/messages.ts';
import { settingsIn } from '../../apps/supervisor/harness.ts';
import { tempDir } from '../../support/temp.ts';

const CHILD = fileURLToPath(new URL('./fixtures/child.ts', import.meta.url));

class Child {
  readonly process: ChildProcess;
  readonly messages: FromChild[] = [];
  stderr = '';
  readonly #ended: Promise<[number | null, string | null]>;

  constructor(context: TestContext, work: string) {
    this.process = fork(CHILD, [work], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.process.on('message', (message: FromChild) => this.messages.push(message));
    this.process.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    // Not 'close': it never comes after a disconnect from this side.
    const said = this.process.stderr === null ? undefined : once(this.process.stderr, 'end');
    this.#ended = once(this.process, 'exit').then(async ([code, signal]) => {
      await said;
      return [code, signal];
    });
    context.after(() => this.process.kill('SIGKILL'));
  }

  async heard(type: FromChild['type']): Promise<void> {
    while (!this.messages.some((message) => message.type === type)) {
      await Promise.race([
        once(this.process, 'message'),
        this.end().then((end) => assert.fail(`ended: ${end} ${this.stderr}`)),
      ]);
    }
  }

  /** Exit code and signal, once all it said is here. */
  end(): Promise<[number | null, string | null]> {
    return this.#ended;
  }
}

function configured(context: TestContext, work: string, settings = settingsIn(tempDir(context))): Child {
  const child = new Child(context, work);
  child.process.send({ type: 'configure', role: 'worker', name: 'worker-7', settings, colour: false });
  return child;
}

test('a child is configured, woken, and ends with code 0 when it is asked to stop', async (t) => {
  const child = configured(t, 'wait');
  child.process.send({ type: 'wake' });
  await child.heard('wake');
  child.process.send({ type: 'stop' });
  assert.deepEqual(await child.end(), [0, null]);
  const record = JSON.parse(child.stderr.trim());
  assert.equal(record.process, 'worker-7');
});

test('a child that drains ends with code 0', async (t) => {
  const child = configured(t, 'wait');
  await child.heard('started');
  child.process.send({ type: 'drain' });
  assert.deepEqual(await child.end(), [0, null]);
});

test('SIGTERM stops a child, SIGINT is left to the supervisor', async (t) => {
  const child = configured(t, 'wait');
  await child.heard('started');
  child.process.kill('SIGINT');
  child.process.send({ type: 'wake' });
  await child.heard('wake');
  child.process.kill('SIGTERM');
  assert.deepEqual(await child.end(), [0, null]);
});

test('a child whose supervisor is gone stops, and says so', async (t) => {
  const child = configured(t, 'wait');
  await child.heard('started');
  child.process.disconnect();
  assert.deepEqual(await child.end(), [0, null]);
  assert.match(child.stderr, /"event":"supervisor.lost"/);
});

test('a child whose supervisor is gone and that cannot finish ends itself after stopMs', async (t) => {
  const child = configured(t, 'stubborn', { ...settingsIn(tempDir(t)), stopMs: 100 });
  await child.heard('started');
  child.process.disconnect();
  assert.deepEqual(await child.end(), [0, null]);
  assert.match(child.stderr, /heard/);
});

test('a child that is stopped or left alone before it is configured just ends', async (t) => {
  const stopped = new Child(t, 'wait');
  stopped.process.send({ type: 'stop' });
  const left = new Child(t, 'wait');
  left.process.disconnect();
  assert.deepEqual(await Promise.all([stopped.end(), left.end()]), [
    [0, null],
    [0, null],
  ]);
});

test('an expected error is told to the supervisor with its hint and ends the child with its exit code', async (t) => {
  const child = configured(t, 'refuse');
  assert.deepEqual(await child.end(), [5, null]);
  const expected = {
    type: 'failed',
    exitCode: 5,
    code: 'test.room',
    message: 'no room here',
    hint: 'make some',
    retryable: false,
  };
  assert.deepEqual(child.messages.at(-1), expected);
  assert.equal(child.stderr, '');
});

test('a state file that cannot be used is told before the work begins', async (t) => {
  const settings = settingsIn(tempDir(t));
  writeFileSync(settings.statePath, 'this is no database, but a text that somebody has written\n');
  const child = configured(t, 'wait', settings);
  assert.deepEqual(await child.end(), [5, null]);
  assert.deepEqual(
    child.messages.map(({ type }) => type),
    ['failed'],
  );
});

test('what SQLite refuses while it works is told as the state file that refuses', async (t) => {
  const child = configured(t, 'full');
  assert.deepEqual(await child.end(), [5, null]);
  const last = child.messages.at(-1);
  assert.equal(last?.type === 'failed' && last.code, 'state.full');
});

for (const work of ['defect', 'later']) {
  test(`a defect (${work}) is logged with its stack and ends the child with code 1`, async (t) => {
    const child = configured(t, work);
    assert.deepEqual(await child.end(), [1, null]);
    const record = JSON.parse(child.stderr.trim());
    assert.equal(record.event, 'defect');
    assert.match(record.err.stack, /TypeError: .*\n +at /);
  });
}

test('a message that is none of ours is refused and does no harm', async (t) => {
  const child = configured(t, 'wait');
  await child.heard('started');
  child.process.send({ type: 'dance' });
  child.process.send({ type: 'stop' });
  assert.deepEqual(await child.end(), [0, null]);
  assert.match(child.stderr, /"event":"ipc.refused"/);
});
