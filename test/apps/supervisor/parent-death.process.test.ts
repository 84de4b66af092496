import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, watch, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../support/temp.ts';
import { isAlive, settingsIn } from './harness.ts';

const SUPERVISOR = fileURLToPath(new URL('./fixtures/supervisor-process.ts', import.meta.url));
const FAKE = new URL('./fixtures/fake-child.ts', import.meta.url).href;

function startProcess(settings: ReturnType<typeof settingsIn>): ChildProcess {
  writeFileSync(`${settings.statePath}.script`, '{}');
  writeFileSync(`${settings.statePath}.notes`, '');
  const args = [SUPERVISOR, JSON.stringify(settings), FAKE];
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The pids of the children that wrote this down, once there are as many. */
async function pidsThat(what: string, count: number, notesFile: string): Promise<number[]> {
  const changes = watch(notesFile);
  for (;;) {
    const lines = readFileSync(notesFile, 'utf8').split('\n');
    const pids = lines.filter((line) => line.endsWith(` ${what}`)).map((line) => Number(line.split(' ')[1]));
    if (pids.length >= count) {
      changes.close();
      return pids;
    }
    await once(changes, 'change');
  }
}

test('when the supervisor is killed with SIGKILL every child is told by the closed channel', async (t) => {
  const settings = settingsIn(tempDir(t));
  const supervisor = startProcess(settings);
  const pids = await pidsThat('configured', 3, `${settings.statePath}.notes`);
  supervisor.kill('SIGKILL');
  const orphans = await pidsThat('orphaned', 3, `${settings.statePath}.notes`);
  assert.deepEqual(orphans.sort(), pids.sort());
});

test('SIGTERM to the supervisor process ends it with code 0 and leaves no child', async (t) => {
  const settings = settingsIn(tempDir(t));
  const supervisor = startProcess(settings);
  const pids = await pidsThat('configured', 3, `${settings.statePath}.notes`);
  supervisor.kill('SIGTERM');
  const [code] = await once(supervisor, 'exit');
  assert.equal(code, 0);
  for (const pid of pids) assert.equal(isAlive(pid), false);
});
