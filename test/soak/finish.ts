import type { Exit, LogRecord } from '../support/program.ts';
import type { Crew } from './crew.ts';
import type { Harbour } from './harbour.ts';

const MOST_RUNS = 30;

/**
 * Quiet runs until nothing is ready, delayed or incomplete: a hard link waits until its other names have been taken, one a run.
 *
 * @returns what was wrong with them
 */
export async function finish(crew: Crew, { config, state }: Harbour): Promise<string[]> {
  for (let run = 1; ; run++) {
    const once = await crew.run('start', '--config', config, '--once');
    const finished = recordsOf(once).find(({ event }) => event === 'once.finished');
    if (finished === undefined || (once.code !== 0 && once.code !== 3))
      return [`start --once ended with ${once.code}: ${once.stderr}`];
    if (once.code === 0 && finished.incomplete === 0) return [];
    if (run === MOST_RUNS) return [`not done after ${run} quiet runs: ${once.stderr}`];
    if (once.code === 0) continue;
    // Jobs that failed are tried anew once: a run of calamities may have used up their attempts.
    const which = run === 1 ? ['--failed', '--delayed'] : ['--delayed'];
    for (const option of which) {
      const { code, stderr } = await crew.run('queue', 'retry', option, '--state-path', state);
      if (code !== 0) return [`queue retry ${option} ended with ${code}: ${stderr}`];
    }
    if (run > 1 && Number(finished.failed) > 0) return [await failures(crew, state)];
  }
}

const recordsOf = ({ stderr }: Exit): LogRecord[] =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

async function failures(crew: Crew, state: string): Promise<string> {
  const { stdout } = await crew.run('queue', 'list', '--state', 'failed', '--json', '--state-path', state);
  return `jobs failed for good: ${stdout}`;
}
