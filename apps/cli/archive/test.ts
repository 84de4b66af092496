import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { ProgressLine } from '../format/progress.ts';
import { bytes, plural } from '../format/text.ts';
import { addExamples } from '../help.ts';
import { lastWords } from '../last-words.ts';
import { faultText } from './faults.ts';
import { type TestReport, testArchive } from './test-archive.ts';
import type { Seen } from './volumes.ts';

/** `archive test`: whether archives are what they say. */
export function addTest(parent: Command, context: CliContext): void {
  const command = parent
    .command('test')
    .description('read all of one or more archives, and say what is wrong; exit 4 where anything is')
    .argument('<ARCHIVE...>', 'zip files; with the first of several volumes comes the whole set')
    .option('--json', 'a JSON object for each fault, and a last one with the summary')
    .addHelpText('after', HELP);
  addExamples(command, [
    ['wharfinger archive test base/ar.zip', 'one archive, with its volumes'],
    ['wharfinger archive test base/*.zip', 'all in a directory'],
  ]);
  command.action((paths: string[], { json = false }: { json?: boolean }) => test(paths, json, context));
}

async function test(paths: readonly string[], json: boolean, context: CliContext): Promise<void> {
  const { stdout, stderr, clock } = context;
  const progress = new ProgressLine(stderr, clock.monotonicMs);
  const sum = { archives: paths.length, members: 0, bytes: 0, faults: 0, untested: 0 };
  const write = (text: string) => {
    progress.clear();
    stdout.write(text);
  };
  const line = (archive: string, member: string | undefined, key: 'detail' | 'untested', detail: string) =>
    write(
      json
        ? `${JSON.stringify({ archive, member: member ?? null, [key]: detail })}\n`
        : faultText(archive, member, key === 'untested' ? `not tested: ${detail}` : detail),
    );
  const report: TestReport = {
    fault(archive, member, detail) {
      sum.faults += 1;
      line(archive, member, 'detail', detail);
    },
    untested(archive, member, detail) {
      sum.untested += 1;
      line(archive, member, 'untested', detail);
    },
    tested(sizeBytes) {
      sum.members += 1;
      sum.bytes += sizeBytes;
      progress.show('members', sum.members, undefined);
    },
  };
  const seen: Seen = new Set();
  const exitCodes: ExitCode[] = [];
  for (const path of paths) {
    try {
      await testArchive(path, context.cwd, report, seen);
    } catch (error) {
      const { text, exitCode } = lastWords(error);
      if (exitCode === EXIT.defect) throw error;
      exitCodes.push(exitCode);
      sum.archives -= 1;
      progress.clear();
      stderr.write(text);
    }
  }
  const refused = exitCodes.length;
  write(json ? `${JSON.stringify({ summary: true, ...sum })}\n` : summaryText(sum, refused));
  if (sum.faults > 0) exitCodes.push(EXIT.disagreement);
  if (sum.untested > 0) exitCodes.push(EXIT.filesFailed);
  // The higher, the worse.
  const worst = exitCodes.toSorted((a, b) => b - a)[0];
  if (worst !== undefined) context.setExitCode(worst);
}

type Sum = { members: number; bytes: number; faults: number; untested: number };

function summaryText(sum: Sum, refused: number): string {
  const untested = sum.untested === 0 ? '' : `; ${plural(sum.untested, 'member')} not tested`;
  const others = refused === 0 ? '' : `; ${plural(refused, 'archive')} not tested`;
  const verdict = sum.faults === 0 ? 'no faults' : plural(sum.faults, 'fault');
  return `${verdict}: read ${plural(sum.members, 'member')}, ${bytes(sum.bytes)}${untested}${others}\n`;
}

const HELP = `
Each member is unpacked, its CRC compared, and its SHA-256 where the archive says
one, as those of wharfinger do; its local header is compared with the directory; no
two members may share bytes. Each fault is one line. What is encrypted or packed
in another way than stored or deflated is said, and makes the exit code 3. An
archive that is not there (2) or cannot be read (5) does not keep the others from
being tested; the exit code is the highest of all.

JSON keys of a fault: archive (the volume's path), member (null where it is of the
whole file), detail; untested in place of detail where it could not be read. The
summary: summary (true), archives (that were read), members, bytes, faults, untested.`;
