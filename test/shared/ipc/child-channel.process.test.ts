import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ChildChannel } from '../../../shared/ipc/child-channel.ts';
import type { FromChild } from '../../../shared/ipc/messages.ts';
import { tempDir } from '../../support/temp.ts';

test('messages are judged on receipt, and sending to a child that is gone does nothing', async (t) => {
  const file = join(tempDir(t), 'child.mjs');
  writeFileSync(
    file,
    `process.send({ type: 'started' });
     process.send({ type: 'progress', files: -1, bytes: 0, duplicates: 0, failed: 0 });
     process.once('message', () => process.exit(0));`,
  );
  const child = fork(file, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const messages: FromChild[] = [];
  const refused: string[] = [];
  const channel = new ChildChannel(child, {
    onMessage: (message) => messages.push(message),
    onRefused: (reason) => refused.push(reason),
  });
  while (messages.length + refused.length < 2) await once(child, 'message');
  assert.deepEqual(messages, [{ type: 'started' }]);
  assert.match(String(refused[0]), /files/);
  channel.send({ type: 'stop' });
  // It may be gone or going while these are sent: no throw, no 'error' event.
  for (let wake = 0; wake < 1000; wake++) channel.send({ type: 'wake' });
  await once(child, 'exit');
  for (let wake = 0; wake < 10; wake++) channel.send({ type: 'wake' });
});
