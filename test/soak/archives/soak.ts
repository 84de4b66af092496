import { existsSync } from 'node:fs';
import { Log } from '../log.ts';
import { Random } from '../random.ts';
import { Storm } from '../storm.ts';
import { calamitiesFor } from './calamities.ts';
import { Crew } from './crew.ts';
import { finish } from './finish.ts';
import { readJournals } from './journal.ts';
import { leftIn } from './leftovers.ts';
import { Place } from './place.ts';
import { faultsByUnzip, readArchives } from './read-archives.ts';
import { type Reckoning, reckon } from './reckoning.ts';

export type SoakOptions = {
  minutes: number;
  /** What is written and what goes wrong, in which order, follows from it. */
  seed: number;
  /** Whether the base has a disk of its own, for full ones and power cuts: this takes the right to mount. */
  disk: boolean;
  /** Whether there are other hosts, in name spaces of their own. */
  hosts: boolean;
  say(line: string): void;
  /** Ends the storm early; all is finished and counted nevertheless. */
  signal: AbortSignal;
};

export type SoakResult = {
  seed: number;
  seconds: number;
  reckoning: Reckoning;
  calamities: ReadonlyMap<string, number>;
  /** Processes that were started. */
  processes: number;
  /** How often an archive was read while others wrote. */
  reads: number;
  archives: number;
  damaged: number;
  /** What must not be, a line each; empty where all is well. */
  problems: string[];
};

const OTHER_HOSTS = ['harwich'];
const KILLED_AT_THE_END = 0.3;
const LONGEST_CALM_MS = 1500;

/**
 * Writers and scavengers on some hosts over one base, and calamities at random for some minutes; then all ends, what is staged is
 * collected, and what others find in the archives is compared with what the writers noted. The directory is kept where something is wrong.
 */
export async function soak({ minutes, seed, disk, hosts, say, signal }: SoakOptions): Promise<SoakResult> {
  const log = new Log(say);
  using place = new Place(minutes, disk);
  say(`seed ${seed}, in ${place.root}`);
  const random = new Random(seed);
  await using crew = new Crew({
    place,
    seed,
    random: random.fork('crew'),
    otherHosts: hosts ? OTHER_HOSTS : [],
  });
  await crew.call();
  const scene = { crew, place, minutes };
  const storm = new Storm({
    scene,
    calamities: calamitiesFor(scene),
    longestCalmMs: LONGEST_CALM_MS,
    random: random.fork('storm'),
    say: log.say,
  });

  await storm.rage(minutes, signal);
  await crew.dismiss(() => random.chance(KILLED_AT_THE_END));

  log.say('the storm is over');
  const unfinished = await finish(crew, place);
  log.say('all is collected');
  const noted = readJournals(place.journals);
  const { found, faults } = await readArchives(place.base);
  const reckoning = reckon(noted, found, existsSync);
  const left = leftIn(place.base);
  const problems = [
    ...unfinished,
    ...problemsOf(reckoning),
    ...left.problems,
    ...faults,
    ...(await faultsByUnzip(place.base, found)),
    ...crew.faults,
  ];
  if (problems.length > 0) problems.push(`kept for you to look at: ${place.kept}`);
  else place.removeWhenClosed();
  return {
    seed,
    seconds: log.seconds,
    reckoning,
    calamities: storm.counts,
    processes: crew.started,
    reads: crew.reads,
    archives: found.length,
    damaged: left.damaged.length,
    problems,
  };
}

const problemsOf = ({ lost, doubled, strange }: Reckoning): string[] => [
  ...lost.map((line) => `LOST ${line}`),
  ...doubled.map((line) => `DOUBLED ${line}`),
  ...strange.map((line) => `STRANGE ${line}`),
];
