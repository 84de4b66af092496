import { Account } from './account.ts';
import { calamitiesFor } from './calamities.ts';
import { Contents } from './contents.ts';
import { Crew } from './crew.ts';
import { finish } from './finish.ts';
import { Fleet } from './fleet.ts';
import { Harbour } from './harbour.ts';
import { Log } from './log.ts';
import { Names } from './names.ts';
import { Random } from './random.ts';
import { type Reckoning, reckon } from './reckoning.ts';
import { Storm } from './storm.ts';

export type SoakOptions = {
  minutes: number;
  /** What is written and what goes wrong, in which order, follows from it. */
  seed: number;
  /** Whether it has disks of its own, for full ones and power cuts: this takes the right to mount. */
  disks: boolean;
  say(line: string): void;
  /** Ends the storm early; all is finished and counted nevertheless. */
  signal: AbortSignal;
};

export type SoakResult = {
  seed: number;
  seconds: number;
  reckoning: Reckoning;
  calamities: ReadonlyMap<string, number>;
  writers: ReadonlyMap<string, number>;
  supervisors: number;
  /** What must not be, a line each; empty where all is well. */
  problems: string[];
};

const LONGEST_CALM_MS = 2500;

/**
 * Writers and calamities at random for some minutes, against the real program; then everything is let finish, `verify --deep` is asked,
 * and every file is counted. The directory is kept where something is wrong.
 */
export async function soak({ minutes, seed, disks, say, signal }: SoakOptions): Promise<SoakResult> {
  const log = new Log(say);
  using harbour = new Harbour(minutes, disks);
  say(`seed ${seed}, in ${harbour.root}`);
  await using crew = new Crew(harbour);
  const random = new Random(seed);
  const account = new Account();
  const shared = { account, contents: new Contents(seed), names: new Names() };
  await using fleet = new Fleet(shared, random.fork('writers'), harbour.inputPaths);
  const scene = { harbour, crew, fleet, account };
  const storm = new Storm({
    scene,
    calamities: calamitiesFor(scene),
    longestCalmMs: LONGEST_CALM_MS,
    random: random.fork('storm'),
    say: log.say,
  });

  crew.want(1);
  fleet.set();
  await storm.rage(minutes, signal, fleet.failure);
  await fleet.callBack();
  await crew.dismiss();

  log.say('the storm is over');
  const unfinished = await finish(crew, harbour);
  const verified = await crew.run('verify', '--deep', '--state-path', harbour.state);
  const reckoning = reckon(account, harbour);
  const problems = [
    ...unfinished,
    ...(verified.code === 0 ? [] : [`verify --deep: ${verified.stdout}${verified.stderr}`]),
    ...problemsOf(reckoning),
    ...crew.faults,
  ];
  if (problems.length > 0) problems.push(`kept for you to look at: ${harbour.kept}`);
  else harbour.removeWhenClosed();
  return {
    seed,
    seconds: log.seconds,
    reckoning,
    calamities: storm.counts,
    writers: fleet.counts,
    supervisors: crew.started,
    problems,
  };
}

const problemsOf = ({ lost, doubled, torn, littered, leftInInputs }: Reckoning): string[] => [
  ...lost.map((line) => `LOST ${line}`),
  ...doubled.map((line) => `DOUBLED ${line}`),
  ...torn.map((line) => `TORN ${line}`),
  ...littered.map((line) => `LEFT ${line}`),
  ...(leftInInputs > 0 ? [`${leftInInputs} files were not taken`] : []),
];
