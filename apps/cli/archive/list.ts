import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { bytes, plural } from '../format/text.ts';
import { addExamples } from '../help.ts';
import { sayFault } from './faults.ts';
import { memberJson, memberText } from './member-text.ts';
import { eachMember } from './volumes.ts';

/** `archive list`: what is in an archive, by its directories. */
export function addList(parent: Command, context: CliContext): void {
  const command = parent
    .command('list')
    .description('what is in an archive: mode, size, time and name of each member, of all its volumes')
    .argument('<ARCHIVE>', 'a zip file; with the first of several volumes comes the whole set')
    .option('--json', 'a JSON object for each member, and a last one with the summary')
    .addHelpText('after', HELP);
  addExamples(command, [
    ['wharfinger archive list base/ar.zip', 'what is in it'],
    ['wharfinger archive list --json base/ar.zip | jq -r .name', 'the names'],
  ]);
  command.action((path: string, { json = false }: { json?: boolean }) => list(path, json, context));
}

/** So many lines are written at a time. */
const BATCH_LINES = 512;

function list(path: string, json: boolean, context: CliContext): void {
  const { stdout } = context;
  const sum = { members: 0, size: 0, packed: 0 };
  const volumes = new Set<string>();
  let lines: string[] = [];
  const flush = () => {
    stdout.write(lines.join(''));
    lines = [];
  };
  for (const { volume, entry } of eachMember(path, context.cwd, sayFault(context))) {
    lines.push(json ? `${JSON.stringify(memberJson(volume.path, entry))}\n` : memberText(entry));
    sum.members += 1;
    sum.size += entry.sizeBytes;
    sum.packed += entry.packedBytes;
    volumes.add(volume.path);
    if (lines.length >= BATCH_LINES) flush();
  }
  const total = `${plural(sum.members, 'member')}, ${bytes(sum.size)} (packed ${bytes(sum.packed)})`;
  const spread = volumes.size > 1 ? ` in ${plural(volumes.size, 'volume')}` : '';
  const summary = { summary: true, ...sum, volumes: volumes.size };
  lines.push(json ? `${JSON.stringify(summary)}\n` : `${total}${spread}\n`);
  flush();
}

const HELP = `
It reads any zip file, not only those of wharfinger. Times are UTC. A volume that
cannot be read is said, the others are listed, and the exit code is 4.

JSON keys of a member: name (and name_base64, its bytes, where they are not
UTF-8), size, packed, method (stored, deflated, or its number), crc32, sha256 (null
where the archive does not say), mode (octal, with the type), mtime, encrypted,
volume. The summary: summary (true), members, size, packed, volumes.`;
