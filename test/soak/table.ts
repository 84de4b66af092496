import { type Counted, resultText, sorted } from './result-text.ts';
import type { SoakResult } from './soak.ts';

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
  const counted: Counted = [
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
  return resultText({
    title: `seed ${seed}, ${seconds} s, ${supervisors} runs of the program`,
    calamities,
    counted: [sorted(writers).map(([name, count]) => [`writer: ${name}`, count]), counted],
    problems,
    allIsWell: 'verify --deep agrees; nothing lost, nothing doubled',
  });
}
