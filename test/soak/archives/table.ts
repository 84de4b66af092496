import type { SoakResult } from './soak.ts';

const WIDTH = 36;

/** The result for people: what was deposited, what became of it, what it went through. */
export function table(result: SoakResult): string {
  const { reckoning, calamities, problems } = result;
  const counted: [string, number][] = [
    ['deposits begun', reckoning.begun],
    ['deposits acknowledged', reckoning.acknowledged],
    ['members collected', reckoning.collected],
    ['  of them versions', reckoning.versions],
    ['duplicates dropped', reckoning.duplicates],
    ['archives with all their volumes', result.archives],
    ['archives read meanwhile', result.reads],
    ['staging archives set aside, damaged', result.damaged],
    ['lost', reckoning.lost.length],
    ['doubled', reckoning.doubled.length],
    ['strange', reckoning.strange.length],
  ];
  return [
    `seed ${result.seed}, ${result.seconds} s, ${result.processes} processes`,
    '',
    rows([...calamities].sort()),
    '',
    rows(counted),
    '',
    problems.length === 0 ? 'Python and unzip agree; nothing lost, nothing doubled' : problems.join('\n'),
  ].join('\n');
}

const rows = (counts: readonly (readonly [string, number])[]): string =>
  counts.map(([name, count]) => `  ${name.padEnd(WIDTH)} ${String(count).padStart(8)}`).join('\n');
