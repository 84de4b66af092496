import { parseArgs } from 'node:util';
import type { BenchCase } from './case.ts';
import type { Sizes } from './sizes.ts';

export const USAGE = `usage: npm run bench -- [NAME…] [--quick | --full] [--repetitions N] [--directory DIR]
  NAME            one or more cases; without a name, all that do not take very long
  --quick         small sizes, to see that it works; writes nothing
  --full          also the cases and sizes that take very long
  --repetitions   how often each measurement is taken (5)
  --directory     where the files are: on the file system to be measured (the temporary directory)`;

export type BenchOptions = {
  cases: readonly BenchCase[];
  sizes: Sizes;
  repetitions: number | undefined;
  directory: string | undefined;
};

/** What the command line asks for, or why it cannot be understood. */
export function parseBenchOptions(
  args: string[],
  known: readonly BenchCase[],
): BenchOptions | { usage: string } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        repetitions: { type: 'string' },
        directory: { type: 'string' },
      },
    });
    const names = known.map(({ name }) => name);
    const unknown = positionals.find((name) => !names.includes(name));
    if (unknown !== undefined) return { usage: `there is no case ${unknown}; there are ${names.join(', ')}` };
    if (values.quick && values.full) return { usage: 'quick or full, not both' };
    const repetitions = values.repetitions === undefined ? undefined : Number(values.repetitions);
    if (repetitions !== undefined && !(Number.isInteger(repetitions) && repetitions > 0))
      return { usage: 'repetitions is a whole number from 1' };
    const sizes: Sizes = values.quick ? 'quick' : values.full ? 'full' : 'usual';
    const cases = known.filter(({ name, onlyFull }) =>
      positionals.length > 0 ? positionals.includes(name) : sizes === 'full' || onlyFull !== true,
    );
    return { cases, sizes, repetitions, directory: values.directory };
  } catch (error) {
    return { usage: error instanceof Error ? error.message : String(error) };
  }
}
