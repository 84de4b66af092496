/**
 * `npm run soak -- [archives] [--minutes N] [--seed N] [--no-disks]`: prints what happens and, at the end, a table. Exit 1 when anything
 * is wrong. With `archives` it is their writers and scavengers that are put to it, else the ingestor.
 */
import { parseArgs } from 'node:util';
import { cannotHaveHosts } from './archives/host.ts';
import { cannotReadArchives } from './archives/read-archives.ts';
import { soak as soakArchives } from './archives/soak.ts';
import { table as tableOfArchives } from './archives/table.ts';
import { canHaveDisks } from './harbour.ts';
import { soak } from './soak.ts';
import { table } from './table.ts';

const { values, positionals } = optionsOf(process.argv.slice(2));
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const [what = 'ingestor', ...more] = positionals;
if (!(minutes > 0) || !Number.isInteger(seed) || !['ingestor', 'archives'].includes(what) || more.length > 0)
  refuse();

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
const options = { minutes, seed, say: (line: string) => console.log(line), signal: interrupted.signal };

const { text, problems } = await (what === 'archives' ? ofArchives() : ofIngestor());
console.log(`\n${text}`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function ofIngestor(): Promise<{ text: string; problems: string[] }> {
  const result = await soak({ ...options, disks: values.disks });
  return { text: table(result), problems: result.problems };
}

async function ofArchives(): Promise<{ text: string; problems: string[] }> {
  const missing = cannotReadArchives();
  if (missing !== undefined) return { text: missing, problems: [missing] };
  const alone = cannotHaveHosts();
  if (alone !== undefined) console.log(`only this host: ${alone}`);
  const result = await soakArchives({ ...options, disk: values.disks, hosts: alone === undefined });
  return { text: tableOfArchives(result), problems: result.problems };
}

function optionsOf(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
        disks: { type: 'boolean', default: canHaveDisks() },
      },
      allowNegative: true,
      allowPositionals: true,
    });
  } catch {
    return refuse();
  }
}

function refuse(): never {
  console.error('usage: npm run soak -- [archives] [--minutes N] [--seed WHOLE_NUMBER] [--no-disks]');
  process.exit(2);
}
