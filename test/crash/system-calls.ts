import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Program } from '../support/program.ts';
import { Wharf } from '../support/wharf.ts';

/**
 * Kills each process of the program when it makes a certain system call for the k-th time, the whole program as soon as one has
 * died, and runs it again without.
 *
 * @returns whether any process came as far as that call
 */
export async function surviveAKillAt(t: TestContext, call: string, k: number): Promise<boolean> {
  const wharf = new Wharf(t);
  wharf.drop('a.csv', 'first');
  wharf.drop('b/c.csv', 'second');
  wharf.drop('d.csv', 'first');
  const wrapper = [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:signal=KILL:when=${k}`,
  ];
  let died = false;
  {
    await using program = new Program(wharf.args('--once', '--workers', '1'), {}, wrapper);
    const death = program.waitFor(
      (record) => record.event === 'worker.died' || record.event === 'discoverer.died',
    );
    // The supervisor itself may be the one that is killed: then there is no event, only the end.
    await Promise.race([
      death.then(
        () => undefined,
        () => undefined,
      ),
      program.exited,
    ]);
    died = program.log.some(({ event }) => event.endsWith('.died')) || (await endedBySignal(program));
  }
  const last = await wharf.once();
  assert.equal(last.code, 0, last.stderr);
  await wharf.assertAllLandedOnce();
  return died;
}

async function endedBySignal(program: Program): Promise<boolean> {
  if (program.child.exitCode === null && program.child.signalCode === null) return false;
  const { code, signal } = await program.exited;
  return signal !== null || (code !== 0 && code !== 3);
}
