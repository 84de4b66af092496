import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { settingsFrom } from './shared/config/sources.ts';

type App = {
  name: string;
  script: string;
  args: string;
  instances?: number;
  exec_mode: string;
  interpreter: string;
  kill_timeout: number;
  pmx: boolean;
};

// As pm2 loads it.
const { apps } = createRequire(import.meta.url)('../ecosystem.config.js') as { apps: App[] };

test('pm2 is told to run one discoverer and eight workers as plain processes', () => {
  assert.deepEqual(
    apps.map(({ name, args, instances = 1, exec_mode }) => [name, args, instances, exec_mode]),
    [
      ['discoverer', 'discoverer', 1, 'fork'],
      ['worker', 'worker', 8, 'fork'],
    ],
  );
});

test('pm2 loads nothing into the program that would keep it alive when it has stopped', () => {
  assert.deepEqual(
    apps.map(({ pmx }) => pmx),
    [false, false],
  );
});

test('pm2 runs a Node that is new enough, and gives a stop all the time that it may take', () => {
  for (const { interpreter, script, kill_timeout } of apps) {
    const { stdout, stderr } = spawnSync(interpreter, [script, '--version'], { encoding: 'utf8' });
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/, stderr);
    assert.ok(kill_timeout > settingsFrom().settings.stopMs);
  }
});
