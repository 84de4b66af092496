/** `npm run soak -- [--minutes N] [--seed N] [--no-disks]`: prints what happens and, at the end, a table. Exit 1 when anything is wrong. */
import { parseArgs } from 'node:util';
import { canHaveDisks } from './harbour.ts';
import { soak } from './soak.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    disks: { type: 'boolean', default: canHaveDisks() },
  },
  allowNegative: true,
});

const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('usage: npm run soak -- [--minutes N] [--seed WHOLE_NUMBER] [--no-disks]');
  process.exit(2);
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());

const result = await soak({
  minutes,
  seed,
  disks: values.disks,
  say: (line) => console.log(line),
  signal: interrupted.signal,
});
console.log(`\n${table(result)}`);
process.exitCode = result.problems.length === 0 ? 0 : 1;
