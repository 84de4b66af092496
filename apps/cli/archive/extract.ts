import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ZipFault } from '../../../shared/archives/zip/zip-fault.ts';
import { EnvironmentError, EXIT, errnoOf } from '../../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { ProgressLine } from '../format/progress.ts';
import { bytes, escapeControls, plural } from '../format/text.ts';
import { addExamples } from '../help.ts';
import { type Extracted, extractMember } from './extract-member.ts';
import { ExtractTree } from './extract-tree.ts';
import { faultText } from './faults.ts';
import { isMeant, isShown, NameSearch } from './find-member.ts';
import { eachMember, type FoundMember } from './volumes.ts';

type Options = { into?: string; overwrite?: boolean };

/** `archive extract`: files of the members of an archive. */
export function addExtract(parent: Command, context: CliContext): void {
  const command = parent
    .command('extract')
    .description('make files of the members of an archive, with their modes and times')
    .argument('<ARCHIVE>', 'a zip file, or the first of several volumes')
    .argument('[MEMBER...]', 'only these, or what lies below them; all unless given')
    .option('--into <DIR>', 'where to (default: the working directory)')
    .option('--overwrite', 'replace files that are there already')
    .addHelpText('after', HELP);
  addExamples(command, [
    ['wharfinger archive extract ar.zip --into out', 'all of it'],
    ['wharfinger archive extract ar.zip logs/1.log', 'one member'],
    ['wharfinger archive extract ar.zip logs/', 'what lies below logs'],
  ]);
  command.action((path: string, names: string[], options: Options) => extract(path, names, options, context));
}

async function extract(path: string, names: string[], options: Options, context: CliContext): Promise<void> {
  const { stdout, stderr, cwd, clock } = context;
  const shown = checkNames(path, names, cwd);
  const isWanted = (name: string): boolean =>
    names.length === 0 ||
    names.some((wanted) => (shown.has(wanted) ? isShown(wanted, name, isMeant) : isMeant(wanted, name)));
  const progress = new ProgressLine(stderr, clock.monotonicMs);
  const tally = { files: 0, bytes: 0, refused: 0, damaged: 0 };
  const signal = context.stopSignal();
  const tree = openTree(resolve(cwd, options.into ?? '.'));
  const temporaryName = `.wharfinger-extract-${randomBytes(8).toString('hex')}`;
  const settings = {
    tree,
    overwrite: options.overwrite ?? false,
    temporaryName,
    nowMs: clock.nowMs(),
    signal,
  };
  const say = (volume: string, member: string | undefined, detail: string) => {
    progress.clear();
    stderr.write(faultText(volume, member, detail));
  };
  const onFault = (volume: string, fault: ZipFault) => {
    tally.damaged += 1;
    say(volume, fault.subject, fault.message);
  };
  try {
    for (const found of eachMember(path, cwd, onFault)) {
      const { name } = found.entry;
      if (!isWanted(name)) continue;
      if (signal.aborted) break;
      const done = await extractOne(found, settings);
      if (done === undefined) break;
      if ('bytes' in done) {
        tally.files += found.entry.isDirectory ? 0 : 1;
        tally.bytes += done.bytes;
        progress.show('extracted', tally.files, undefined);
      } else {
        tally['refused' in done ? 'refused' : 'damaged'] += 1;
        say(found.volume.path, name, 'refused' in done ? done.refused : done.damaged);
      }
    }
  } finally {
    tree.close();
    progress.clear();
  }
  const left = tally.refused + tally.damaged;
  const stopped = signal.aborted ? ', then stopped' : '';
  stdout.write(
    `${plural(tally.files, 'file')}, ${bytes(tally.bytes)}, extracted${left === 0 ? '' : `; ${plural(left, 'member')} not`}${stopped}\n`,
  );
  if (tally.damaged > 0) context.setExitCode(EXIT.disagreement);
  else if (tally.refused > 0) context.setExitCode(EXIT.filesFailed);
}

/** Before anything is written: what was mistyped leaves no half done work. @returns as `NameSearch.finish` */
function checkNames(path: string, names: readonly string[], cwd: string): ReadonlySet<string> {
  const search = new NameSearch(path, names, isMeant);
  // What is damaged is said when it is extracted.
  for (const { entry } of eachMember(path, cwd, () => undefined)) {
    if (names.length === 0) break;
    search.see(entry.name);
  }
  return search.finish();
}

function openTree(directory: string): ExtractTree {
  try {
    return new ExtractTree(directory);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    throw new EnvironmentError(`nothing can be extracted to ${escapeControls(directory)} (${errno})`, {
      code: 'archive.into',
      op: 'extract',
      subject: directory,
      hint: 'give a directory with --into that this user may write to; it is made where it is missing',
      cause: error,
    });
  }
}

/** Undefined where it was told to stop. */
async function extractOne(
  { volume, entry }: FoundMember,
  settings: Parameters<typeof extractMember>[2],
): Promise<Extracted | undefined> {
  try {
    return await extractMember(volume.fd, entry, settings);
  } catch (error) {
    if (settings.signal.aborted && error === settings.signal.reason) return undefined;
    if (error instanceof ZipFault) return { damaged: error.message };
    throw error;
  }
}

const HELP = `
Nothing is written outside the directory, also where the archive says so or a
symbolic link leads there: such members are left out. A file gets its name when it
is whole and its CRC is right. Modes are kept without set-user-ID and its like.

Exit code 4: members were damaged, or named to lead outside; all others are there.
3: members were left out since a file is there already, or since they are encrypted,
links, or packed in another way than stored or deflated.`;
