import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Random } from '../soak/random.ts';
import { Granary } from '../support/granary.ts';
import type { Program } from '../support/program.ts';
import type { MakePlace } from './loads.ts';

const FILES_A_ROUND = 8;

/** Files that come in rounds; in each, one content that was there before. */
class Rounds {
  readonly granary: Granary;
  readonly env: NodeJS.ProcessEnv;
  readonly #trace: string;
  readonly #random: Random;
  #dropped = 0;

  constructor(t: TestContext, makePlace: MakePlace, random: Random) {
    // A task may be the one at hand in every death.
    this.granary = new Granary(t, makePlace, { args: ['--workers', '3', '--max-attempts', '50'] });
    this.#trace = join(this.granary.root, 'trace');
    this.env = { WHARFINGER_CRASH_TRACE: this.#trace };
    this.#random = random;
  }

  drop(): void {
    const { granary } = this;
    for (let n = 0; n < FILES_A_ROUND; n++) {
      const file = this.#dropped++;
      const rows = this.#random.whole(2, 80);
      granary.drop(`f${file}.csv`, file * 100, rows);
      if (n === 0) granary.drop(`again-${file}.csv`, file * 100, rows);
    }
  }

  get files(): number {
    return this.#dropped + this.#dropped / FILES_A_ROUND;
  }

  /** Resolves some steps of loading later, whatever is in hand then, or when there are no more. */
  async someSteps(program: Program): Promise<void> {
    const steps = this.#steps() + this.#random.whole(1, 12);
    await program.waitFor(() => this.#steps() >= steps || this.granary.loaded() === this.files);
  }

  #steps(): number {
    if (!existsSync(this.#trace)) return 0;
    return readFileSync(this.#trace, 'utf8').match(/^(load|parquet)\./gm)?.length ?? 0;
  }
}

const livingWorkers = ({ log }: Program): number[] => {
  const dead = log.filter(({ event }) => event === 'worker.died').map(({ child_pid }) => child_pid);
  const started = log.filter(({ event }) => event === 'worker.started').map(({ pid }) => pid);
  return started.filter((pid) => !dead.includes(pid)).map(Number);
};

/** Workers are killed at random while they load. */
export async function surviveDeathsOfWorkers(
  t: TestContext,
  makePlace: MakePlace,
  { seed, deaths }: { seed: number; deaths: number },
): Promise<void> {
  const random = new Random(seed);
  const rounds = new Rounds(t, makePlace, random);
  const { granary } = rounds;
  {
    await using program = granary.run(rounds.env);
    for (let n = 0; n < deaths; n++) {
      rounds.drop();
      await program.waitFor(() => livingWorkers(program).length === 3);
      await rounds.someSteps(program);
      const victim = random.pick(livingWorkers(program));
      process.kill(victim, 'SIGKILL');
      await program.waitFor(({ event, child_pid }) => event === 'worker.died' && child_pid === victim);
    }
    await granary.until('all is loaded', () => granary.loaded() === rounds.files);
    assert.equal((await program.stop()).code, 0);
  }
  await granary.assertAllLoadedOnce();
}

/** The whole program is killed at random, again and again. */
export async function surviveDeathsOfAll(
  t: TestContext,
  makePlace: MakePlace,
  { seed, deaths }: { seed: number; deaths: number },
): Promise<void> {
  const rounds = new Rounds(t, makePlace, new Random(seed));
  const { granary } = rounds;
  for (let n = 0; n < deaths; n++) {
    rounds.drop();
    await using program = granary.run(rounds.env);
    await rounds.someSteps(program);
    program.killAll();
  }
  const last = await granary.once();
  assert.equal(last.code, 0, last.stderr);
  await granary.assertAllLoadedOnce();
}

/** Two programs load what two and more workers of each can take. */
export async function twoPrograms(t: TestContext, makePlace: MakePlace): Promise<void> {
  const rounds = new Rounds(t, makePlace, new Random(11));
  const { granary } = rounds;
  await using one = granary.run();
  await using two = granary.run();
  await Promise.all([one.waitFor('worker.started'), two.waitFor('worker.started')]);
  for (let n = 0; n < 8; n++) rounds.drop();
  await granary.until('all is loaded', () => granary.loaded() === rounds.files);
  for (const program of [one, two]) assert.equal((await program.stop()).code, 0);
  await granary.assertAllLoadedOnce();
}
