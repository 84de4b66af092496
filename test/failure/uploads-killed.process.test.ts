import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';
import type { Program } from '../support/program.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;

/** Resolves when every file that was put is in `completed`. */
const allCompleted = (program: Program, pier: Pier) =>
  program.waitFor(() => pier.files('completed').length === pier.put.size, 100_000);

const livingWorkers = ({ log }: Program): number[] => {
  const dead = log.filter(({ event }) => event === 'worker.died').map(({ child_pid }) => child_pid);
  const started = log.filter(({ event }) => event === 'worker.started').map(({ pid }) => pid);
  return started.filter((pid) => !dead.includes(pid)).map(Number);
};

test(
  'workers that are killed at random while they upload lose nothing and double nothing',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift());
    await using program = pier.serve({}, '--workers', '3');
    await program.waitFor('worker.started');
    pier.drop('large.bin', randomBytes(25 * MIB));
    for (let n = 0; n < 60; n++) pier.drop(`d${n % 4}/f${n}.csv`, `content ${n}`);
    for (let round = 0; round < 5; round++) {
      await program.waitFor(() => livingWorkers(program).length === 3);
      // Whatever it is in the middle of.
      await program.waitFor(() => pier.files('processing').length > 0 || pier.files('incoming').length === 0);
      const [victim = 0] = livingWorkers(program).slice(round % 3);
      process.kill(victim, 'SIGKILL');
      await program.waitFor(({ event, child_pid }) => event === 'worker.died' && child_pid === victim);
      for (let n = 0; n < 20; n++) pier.drop(`round-${round}/${n}.csv`, `round ${round} ${n}`);
    }
    await allCompleted(program, pier);
    assert.equal((await program.stop()).code, 0);
    await pier.assertAllUploadedOnce();
  },
);
