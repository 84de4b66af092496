import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, unlinkSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { CRASH_POINTS, type CrashPoint } from '../../shared/crash-points.ts';
import { Wharf } from '../support/wharf.ts';

/** A memory file system on every Linux: for a warehouse across file systems without mounting anything. */
const OTHER_FILE_SYSTEM = '/dev/shm';

/** A situation in which certain crash points are reached. */
export type Scenario = {
  points: readonly CrashPoint[];
  prepare(t: TestContext): Promise<Wharf>;
  /** One run that is armed by `env`; other runs follow it. */
  run(wharf: Wharf, env: NodeJS.ProcessEnv): Promise<void>;
};

const pointsOf = (...prefixes: readonly string[]): CrashPoint[] =>
  CRASH_POINTS.filter((point) => prefixes.some((prefix) => point.startsWith(prefix)));

async function runOnce(wharf: Wharf, env: NodeJS.ProcessEnv): Promise<void> {
  const { code, stderr } = await wharf.once([], env);
  assert.ok(code === 0 || code === 3, stderr);
}

/** Files, a duplicate, and a name that is taken by other content from an earlier run. */
async function dropMixed(wharf: Wharf): Promise<Wharf> {
  wharf.drop('taken.csv', 'the first content of this name');
  assert.equal((await wharf.once()).code, 0);
  wharf.drop('taken.csv', 'other content of the same name');
  wharf.drop('deep/er/orders.csv', 'orders');
  wharf.drop('again.csv', 'orders');
  wharf.drop('empty.csv', '');
  return wharf;
}

const renamed: Scenario = {
  points: pointsOf('discover.', 'ingest.', 'place.', 'commit.').filter(
    (point) => point !== 'commit.sidecar-removed',
  ),
  prepare: (t) => dropMixed(new Wharf(t)),
  run: runOnce,
};

const copied: Scenario = {
  points: pointsOf('copy.'),
  prepare: (t) => {
    const warehouse = mkdtempSync(join(OTHER_FILE_SYSTEM, 'wharfinger-test-'));
    t.after(() => rmSync(warehouse, { recursive: true, force: true }));
    return dropMixed(new Wharf(t, { warehouse }));
  },
  run: runOnce,
};

const completedBySidecar: Scenario = {
  points: ['commit.sidecar-removed'],
  prepare: async (t) => {
    const wharf = new Wharf(t, { args: ['--mode', 'sidecar'] });
    const path = wharf.drop('with-sidecar.csv', 'complete');
    closeSync(openSync(`${path}.ok`, 'w'));
    return wharf;
  },
  run: runOnce,
};

/** A writer opens a file between its hash and its move, and lets go after the crash. */
const writtenToMeanwhile: Scenario = {
  points: ['put-back.returned'],
  prepare: async (t) => {
    const wharf = new Wharf(t);
    wharf.drop('late.csv', 'still growing');
    return wharf;
  },
  run: async (wharf, env) => {
    const pauseFile = join(wharf.root, 'paused');
    const finished = wharf.once([], {
      ...env,
      WHARFINGER_PAUSE_AT: 'ingest.decided',
      WHARFINGER_PAUSE_FILE: pauseFile,
    });
    await created(wharf.root, pauseFile);
    const writer = openSync(join(wharf.input, 'late.csv'), 'a');
    unlinkSync(pauseFile);
    await finished;
    closeSync(writer);
  },
};

/** Resolves when `file` is there. */
export async function created(directory: string, file: string): Promise<void> {
  const watcher = watch(directory);
  try {
    await new Promise<void>((resolve) => {
      watcher.on('change', () => existsSync(file) && resolve());
      if (existsSync(file)) resolve();
    });
  } finally {
    watcher.close();
  }
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  renamed,
  copied,
  completedBySidecar,
  writtenToMeanwhile,
};
