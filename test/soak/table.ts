import type { SoakResult } from './soak.ts';

const WIDTH = 32;

/** The result for people: what was put, what became of it, what it went through. */
export function table({
  reckoning,
  writers,
  calamities,
  supervisors,
  seconds,
  seed,
  problems,
}: SoakResult): string {
  const counted: [string, number][] = [
    ['contents put', reckoning.contents],
    ['files put', reckoning.files],
    ['  withdrawn, or not fsynced', reckoning.mayBeMissing],
    ['contents committed', reckoning.committed],
    ['duplicates set aside', reckoning.setAside],
    ['left in the inputs', reckoning.leftInInputs],
    ['lost', reckoning.lost.length],
    ['doubled', reckoning.doubled.length],
    ['torn', reckoning.torn.length],
    ['our temporary files left', reckoning.littered.length],
  ];
  return [
    `seed ${seed}, ${seconds} s, ${supervisors} runs of the program`,
    '',
    rows([...calamities].sort()),
    '',
    rows([...writers].sort().map(([name, count]) => [`writer: ${name}`, count])),
    '',
    rows(counted),
    '',
    problems.length === 0 ? 'verify --deep agrees; nothing lost, nothing doubled' : problems.join('\n'),
  ].join('\n');
}

const rows = (counts: readonly (readonly [string, number])[]): string =>
  counts.map(([name, count]) => `  ${name.padEnd(WIDTH)} ${String(count).padStart(8)}`).join('\n');
