import { simulate } from './simulate.ts';

const startedAt = performance.now();
const problems = await simulate((line) => console.log(line));
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(
  problems.length === 0 ? `\nAll scenes as they should be, in ${seconds} s.` : `\n${problems.length} wrong.`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
