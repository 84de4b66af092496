import { type Counted, resultText } from '../result-text.ts';
import type { SoakResult } from './soak.ts';

/** The result for people: what was deposited, what became of it, what it went through. */
export function table(result: SoakResult): string {
  const { reckoning } = result;
  const counted: Counted = [
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
  return resultText({
    ...result,
    title: `seed ${result.seed}, ${result.seconds} s, ${result.processes} processes`,
    counted: [counted],
    allIsWell: 'Python and unzip agree; nothing lost, nothing doubled',
  });
}
