import { parseArgs } from 'node:util';
import { ROWS } from './columns.ts';
import { writeCreditFiles } from './write-files.ts';

/** `node test/simulate/credit/main.ts DIR [--rows 150000] [--hours 24] [--seed 1]`: made-up data to try tables with. */

const given = optionsOf(process.argv.slice(2));
const [directory] = given?.positionals ?? [];
const [rows, hours, seed] = [given?.values.rows, given?.values.hours, given?.values.seed].map(Number);
if (directory === undefined || !rows || !hours || seed === undefined || Number.isNaN(seed)) {
  process.stderr.write('usage: node test/simulate/credit/main.ts DIR [--rows N] [--hours N] [--seed N]\n');
  process.exitCode = 2;
} else {
  for (const path of writeCreditFiles({ directory, seed, rows, hours, end: new Date() })) console.log(path);
}

function optionsOf(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        rows: { type: 'string', default: String(ROWS) },
        hours: { type: 'string', default: '24' },
        seed: { type: 'string', default: '1' },
      },
    });
  } catch {
    return undefined;
  }
}
