import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Program } from '../../support/program.ts';
import { tempDir } from '../../support/temp.ts';

/** The variables that both processes are given, as a process manager would. */
function environment(t: TestContext): Record<string, string> {
  const directory = tempDir(t);
  mkdirSync(join(directory, 'in'));
  return {
    WHARFINGER_INPUT: join(directory, 'in'),
    WHARFINGER_WAREHOUSE: join(directory, 'warehouse'),
    WHARFINGER_MANIFESTS: join(directory, 'manifests'),
    WHARFINGER_STATE_PATH: join(directory, 'state/w.db'),
    WHARFINGER_STABILITY_SECONDS: '0.05',
  };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`a worker alone stops at the first ${signal} with 0`, async (t) => {
    await using worker = new Program(['worker'], environment(t));
    await worker.waitFor('worker.started');
    worker.child.kill(signal);
    const { code, stdout } = await worker.exited;
    assert.deepEqual([code, stdout], [0, '']);
  });
}

test('a discoverer and a worker, each alone, take a file', async (t) => {
  const env = environment(t);
  await using worker = new Program(['worker'], env);
  await worker.waitFor('worker.started');
  await using discoverer = new Program(['discoverer'], env);
  writeFileSync(join(env.WHARFINGER_INPUT ?? '', 'a.csv'), 'a,b\n');
  await worker.waitFor('file.ingested');
  discoverer.child.kill('SIGTERM');
  worker.child.kill('SIGTERM');
  assert.deepEqual([(await discoverer.exited).code, (await worker.exited).code], [0, 0]);
});

test('with --once, a discoverer fills the queue and a worker empties it', async (t) => {
  const env = environment(t);
  writeFileSync(join(env.WHARFINGER_INPUT ?? '', 'a.csv'), 'a,b\n');
  await using discoverer = new Program(['discoverer', '--once', '--stability-seconds', '0'], env);
  assert.equal((await discoverer.exited).code, 0);
  await using worker = new Program(['worker', '--once'], env);
  assert.equal((await worker.exited).code, 0);
  assert.equal(worker.log.filter(({ event }) => event === 'file.ingested').length, 1);
});
