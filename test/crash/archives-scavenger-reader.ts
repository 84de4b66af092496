/** `node archives-scavenger-reader.ts FILE…`: reads zips, as far as they are there, again and again until it is told to stop. Prints how often, and fails at the first that is no good. */
import { existsSync } from 'node:fs';
import { readZip } from '../shared/archives/scavenger/read-zip.ts';

const files = process.argv.slice(2);
let reads = 0;
let isStopped = false;
process.on('SIGTERM', () => {
  isStopped = true;
});
while (!isStopped) {
  for (const file of files.filter((one) => existsSync(one))) {
    readZip(file);
    reads += 1;
  }
  await new Promise(setImmediate);
}
console.log(reads);
