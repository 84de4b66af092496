import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Reclaimer } from '../../../apps/worker/reclaimer.ts';
import { parseStat, thisProcess } from '../../../shared/linux/process-identity.ts';
import { createLogger } from '../../../shared/log/logger.ts';
import { LEASE_MS, openHolder, TurnedClock } from '../../support/queue-holder.ts';
import { tempDir } from '../../support/temp.ts';

test('the lease of a worker that dies is taken back a quarter of a second after it was last looked up, at the latest', async (t) => {
  const clock = new TurnedClock();
  const identity = thisProcess();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const pid = child.pid ?? assert.fail();
  const { start: pidStart } = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const path = join(tempDir(t), 'state.db');
  const theirs = openHolder(path, clock, { ...identity, pid, pidStart, owner: 'another' });
  const ours = openHolder(path, clock, { ...identity, owner: 'this one' });
  t.after(() => {
    theirs.state.close();
    ours.state.close();
  });
  theirs.put('a');
  theirs.put('b');
  theirs.claim(1);
  ours.claim(1);
  const reclaimed: unknown[] = [];
  const sink = { write: (line: string) => void reclaimed.push(JSON.parse(line).owner) };
  const reclaimer = new Reclaimer({
    claims: ours.claims,
    clock,
    logger: createLogger({ level: 'warn', format: 'json', process: 'worker-1', sink }),
    identity,
    maxAttempts: 5,
    onReclaimed: () => {},
  });
  reclaimer.run();
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  clock.turn(249);
  reclaimer.run();
  assert.deepEqual(reclaimed, []);
  clock.turn(1);
  reclaimer.run();
  assert.deepEqual(reclaimed, ['another']);
  // Ours has expired, alive or not.
  clock.turn(LEASE_MS);
  reclaimer.run();
  assert.deepEqual(reclaimed, ['another', 'this one']);
});
