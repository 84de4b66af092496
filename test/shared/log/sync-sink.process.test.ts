import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { syncSink } from '../../../shared/log/sync-sink.ts';

const FIXTURE = fileURLToPath(new URL('./fixtures/dies-after-logging.ts', import.meta.url));

for (const format of ['json', 'pretty']) {
  test(`every line before a SIGKILL is there (${format})`, async () => {
    const child = spawn(process.execPath, [FIXTURE, format], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const [, signal] = await once(child, 'close');
    assert.equal(signal, 'SIGKILL');
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.length, 5001);
    assert.match(lines.at(-1) ?? '', /the last words/);
  });
}

test('a reader that is gone costs the lines and nothing else', async () => {
  const child = spawn(process.execPath, [FIXTURE, 'json'], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.destroy();
  const [code, signal] = await once(child, 'exit');
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'it came to its own end');
});

test('a descriptor that cannot be written to is no error', () => {
  syncSink(-1).write('nobody reads this\n');
  syncSink(999_999).write('nor this\n');
});

test('a pipe that is full and does not block is waited for', async () => {
  const sink = fileURLToPath(new URL('../../../shared/log/sync-sink.ts', import.meta.url));
  // Making the pipe non-blocking is what a terminal or another program that shares it may have done.
  const script = `
    import { syncSink } from ${JSON.stringify(sink)};
    import net from 'node:net';
    new net.Socket({ fd: 2, readable: false })._handle.setBlocking?.(false);
    const line = 'y'.repeat(199) + '\\n';
    for (let index = 0; index < 5000; index++) syncSink(2).write(line);
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let bytes = 0;
  child.stderr.on('data', (chunk) => {
    bytes += chunk.length;
  });
  await once(child, 'close');
  assert.equal(bytes, 1_000_000);
});
