/** A forked process that puts log files into archives, as a program would: its base, its name and how many files by its arguments. Tells its parent of each file that was acknowledged. */
import { openArchives } from '../../../shared/archives/index.ts';
import type { Acknowledged } from './crew.ts';

const [base = '', name = '', count = ''] = process.argv.slice(2);
const IN_FLIGHT = 16;

await using archives = await openArchives(base, { rotateSeconds: 300 });
let next = 0;

async function writeOn(): Promise<void> {
  while (next < Number(count)) {
    const number = next++;
    const archive = number % 2 === 0 ? 'render/logs.zip' : 'render/frames.zip';
    const path = `${archive}/${name}/${String(number).padStart(5, '0')}.txt`;
    const file = archives.open(path);
    await file.write(`frame ${number} of ${name}\n${'a line of its log\n'.repeat(number % 50)}`);
    await file.close();
    const message: Acknowledged = { path };
    process.send?.(message);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, () => writeOn()));
await archives.close();
process.disconnect?.();
