import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchCase } from '../case.ts';
import { makeSmallFiles } from '../files.ts';
import { WORKERS } from '../once-run.ts';
import { cpuSeconds, membersOf } from '../process-group.ts';
import { Program, placesIn, startArguments } from '../program.ts';
import { barsOf } from '../report/bars.ts';
import { sized } from '../sizes.ts';

const FILES = { quick: 5_000, usual: 100_000 };
const WATCHED_SECONDS = { quick: 10, usual: 30 };
const SCAN_SECONDS = 5;

/** Per cent of one core, by role. */
type Load = Map<string, number>;

/** What it costs to watch a directory in which nothing becomes complete, and one in which nothing is. */
export const idle: BenchCase = {
  name: 'idle',
  title: 'Idle',
  method:
    `\`wharfinger start\` with ${WORKERS} workers, watched once it has scanned: over so many files that wait for a sidecar which never comes, with a scan every ${SCAN_SECONDS} s; and over an ` +
    'empty directory with the defaults. CPU time of all its processes, user and kernel, from /proc. Beside it a shell that looks as often: `find -printf` of size and times of the same files.',
  async run({ sizes, directory, repetitions, say }) {
    const files = sized(sizes, FILES);
    const seconds = sized(sizes, WATCHED_SECONDS);
    const loads = { waiting: [] as Load[], quiet: [] as Load[], find: [] as number[] };
    const waiting = join(directory, 'waiting');
    const { input } = placesIn(waiting);
    mkdirSync(input, { recursive: true });
    makeSmallFiles(input, files);
    for (let n = 0; n < repetitions; n++) {
      say(`repetition ${n + 1} of ${repetitions}, ${seconds} s each`);
      loads.waiting.push(
        await loadOf(waiting, seconds, ['--mode', 'sidecar', '--scan-seconds', String(SCAN_SECONDS)]),
      );
      loads.find.push((cpuSecondsOfFind(input) / SCAN_SECONDS) * 100);
      loads.quiet.push(await loadOf(join(directory, 'quiet'), seconds, []));
    }
    const figuresOf = (what: string, all: readonly Load[], below: number) => [
      { what: `${what}, all processes`, unit: '% of a core', values: all.map(total), target: { below } },
      ...['supervisor', 'discoverer', 'worker'].map((role) => ({
        what: `${what}, ${role}`,
        unit: '% of a core',
        values: all.map((load) => load.get(role) ?? Number.NaN),
      })),
    ];
    const name = `${files.toLocaleString('en-US')} waiting`;
    const figures = [
      ...figuresOf(name, loads.waiting, 10),
      { what: `${name}, find`, unit: '% of a core', values: loads.find },
      ...figuresOf('quiet', loads.quiet, 1),
    ];
    return {
      ratios: [
        {
          what: `idle over ${files.toLocaleString('en-US')} waiting files over find that looks as often`,
          unit: 'x',
          values: loads.waiting.map((load, n) => total(load) / (loads.find[n] ?? Number.NaN)),
        },
      ],
      figures,
      plots: [barsOf('idle', 'Per cent of one core while nothing happens', figures)],
      notes: [
        `Watched for ${seconds} s a repetition. The figure of the workers is of all ${WORKERS} together.`,
      ],
    };
  },
};

const total = (load: Load): number => [...load.values()].reduce((sum, value) => sum + value, 0);

async function loadOf(root: string, seconds: number, more: readonly string[]): Promise<Load> {
  const places = placesIn(root);
  for (const path of [places.input, places.warehouse, places.manifests]) mkdirSync(path, { recursive: true });
  await using program = new Program(
    // That a scan has finished is said at this level.
    startArguments(places, ['--log-level', 'debug', '--workers', String(WORKERS), ...more]),
  );
  await Promise.all([program.next('scan.finished'), program.next('worker.started', WORKERS)]);
  // What it does once, at its start, is over by then.
  await delay(2_000);
  const members = membersOf(program.group);
  const before = members.map(({ pid }) => cpuSeconds(pid));
  const startedMs = performance.now();
  await delay(seconds * 1_000);
  const elapsed = (performance.now() - startedMs) / 1_000;
  const gone = members.find(({ pid }) => cpuSeconds(pid) === 0);
  if (gone !== undefined) throw new Error(`${gone.name} ended while it was watched`);
  const load: Load = new Map();
  for (const [n, { pid, name }] of members.entries()) {
    const share = ((cpuSeconds(pid) - (before[n] ?? 0)) / elapsed) * 100;
    load.set(name, (load.get(name) ?? 0) + share);
  }
  await program.stop();
  return load;
}

/** User and kernel time of one look by find, as bash's `times` tells it of its children. */
function cpuSecondsOfFind(directory: string): number {
  const command = 'find "$0" -type f -printf "%s %T@ %C@\\n" >/dev/null; times';
  const { stdout } = spawnSync('bash', ['-c', command, directory], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: process.env.PATH },
  });
  const children = stdout.trim().split('\n')[1] ?? '';
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}
