import type { Command } from 'commander';
import { type DirectoryEntry, dataOffsetOf } from '../../../shared/archives/zip/read-directory.ts';
import { unreadable } from '../../../shared/archives/zip/read-local-header.ts';
import { readMember } from '../../../shared/archives/zip/read-member.ts';
import { ZipFault } from '../../../shared/archives/zip/zip-fault.ts';
import { WharfingerError } from '../../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { escapeControls } from '../format/text.ts';
import { addExamples } from '../help.ts';
import { sayFault } from './faults.ts';
import { isShown, NameSearch } from './find-member.ts';
import { type ByteOutput, byteOutput } from './stdout-bytes.ts';
import { eachVolume, entriesOf } from './volumes.ts';

const STDOUT = 1;

/** `archive cat`: the content of one member. */
export function addCat(parent: Command, context: CliContext, output: ByteOutput = byteOutput(STDOUT)): void {
  const command = parent
    .command('cat')
    .description('the content of one member, to standard output')
    .argument('<ARCHIVE>', 'a zip file, or the first of several volumes')
    .argument('<MEMBER>', 'its name, also as `archive list` shows it')
    .addHelpText('after', HELP);
  addExamples(command, [
    ['wharfinger archive cat base/ar.zip logs/1.log', 'look at it'],
    ['wharfinger archive cat base/ar.zip data.csv | head', 'or at its beginning'],
  ]);
  command.action((path: string, member: string) => cat(path, member, context, output));
}

/** @param isIt whether a member is the one that was asked for */
async function cat(
  path: string,
  member: string,
  context: CliContext,
  output: ByteOutput,
  isIt = isNamed,
): Promise<void> {
  const sayIt = sayFault(context);
  const search = new NameSearch(path, [member], isNamed);
  for (const volume of eachVolume(path, context.cwd, sayIt)) {
    let found: DirectoryEntry | undefined;
    // Of two with the same name, which we never write, the last counts, as with most readers.
    for (const entry of entriesOf(volume, sayIt)) {
      search.see(entry.name);
      if (isIt(member, entry.name)) found = entry;
    }
    if (found === undefined) continue;
    const reason = unreadable(found);
    if (reason !== undefined) throw notReadable(member, reason);
    try {
      await copy(volume.fd, found, output);
    } catch (error) {
      if (!(error instanceof ZipFault)) throw error;
      sayIt(volume.path, error, member);
    }
    return;
  }
  if (search.finish().has(member))
    await cat(path, member, context, output, (wanted, name) => isShown(wanted, name, isNamed));
}

const isNamed = (wanted: string, name: string): boolean => name === wanted;

async function copy(fd: number, entry: DirectoryEntry, output: ByteOutput): Promise<void> {
  const data = { ...entry, dataOffset: dataOffsetOf(fd, entry) };
  for await (const piece of readMember(fd, data)) if (!(await output.write(piece))) return;
}

const notReadable = (member: string, reason: string): WharfingerError =>
  new WharfingerError(`${escapeControls(member)} ${reason}`, {
    code: 'archive.unsupported',
    subject: member,
    hint: 'use `unzip` or `7z` for it',
  });

const HELP = `
The CRC of a large member is known to be right only at its end: where it is not, that is
said and the exit code is 4, though all was written. Of a small one nothing is written
then. A reader that has seen enough is no error. Before a name that begins with a
hyphen stands --.`;
