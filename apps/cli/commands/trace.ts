import type { Command } from 'commander';
import { UsageError } from '../../../shared/errors.ts';
import { toText } from '../../../shared/fs/byte-path.ts';
import { parseSubject } from '../../../shared/ledger/trace/subject.ts';
import { isKnown, trace } from '../../../shared/ledger/trace/trace.ts';
import { whyUnknown } from '../../../shared/ledger/trace/why-unknown.ts';
import type { CliContext } from '../context.ts';
import { escapeControls } from '../format/text.ts';
import { traceJson, traceText } from '../format/trace.ts';
import { addExamples } from '../help.ts';
import { addStateOptions } from '../options.ts';
import { readingState } from '../state.ts';

/** `trace PATH|SHA256`: everything known of one file. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('trace')
    .summary('all that is known of one file, and what it waits for')
    .description(
      'Tells all that is known of one file: what it waits for, or where it is and where it is recorded.',
    )
    .argument(
      '<PATH|SHA256>',
      'a path it has or had, also in an archive, or 8 or more hex digits of its SHA-256',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', HELP);
  addStateOptions(command);
  addExamples(command, [
    ['wharfinger trace data/staging/orders.csv', 'why is it not in the warehouse yet?'],
    ['wharfinger trace 9f86d081', 'where did this content go?'],
    ['wharfinger trace /srv/archives/09.zip/a.csv', 'where did this member come from?'],
  ]);
  command.action(async (text: string, { json }: { json?: true }) => {
    const subject = parseSubject(text, context.cwd);
    const shown = 'path' in subject ? escapeControls(toText(subject.path)) : subject.sha256;
    await readingState(command, context, async (state) => {
      const traced = await trace(state, subject);
      const why = isKnown(traced) ? undefined : whyUnknown(state, subject, traced);
      if (why !== undefined && traced.found?.kind !== 'file') throw unknown(shown, why);
      const nowMs = context.clock.nowMs();
      const answer = json
        ? `${JSON.stringify({ ...traceJson(traced), why_unknown: why ?? null })}\n`
        : traceText(traced, shown, nowMs);
      context.stdout.write(json || why === undefined ? answer : `${answer}nothing is known of it: ${why}\n`);
    });
  });
}

const unknown = (subject: string, why: string): UsageError =>
  new UsageError(`nothing is known of ${subject}: ${why}`, {
    code: 'trace.unknown',
    subject,
    hint: 'give a path it has or had, or the first digits of its SHA-256',
  });

const HELP = `
A file that is at PATH is read, so that it is found by its content under
whatever name it was taken. Names are looked up in the whole ledger, which takes
about a second for a million files; a SHA-256 is found at once. A name that is
not UTF-8 is given as base64:… with its bytes, as --json shows them. A member of an
archive is BASE/ARCHIVE.zip/MEMBER, or ARCHIVE.zip/MEMBER of any base, as it was
deposited or as it is stored; the archive is looked into for where it is by now.

JSON keys: found (kind, size, sha256), candidate and jobs (as in \`queue list
--json\`), custody (id, state, sha256, size, route, source, path, decided_at,
committed_at, now, manifest (path, line, offset), duplicates, uploads, loads,
archives (archive, member, state, volume and stored_as (when it was published),
now (kind, and of a member volume and stored_as), released_at and more)),
uploads (of files without custody; each with states, attempts and objects),
loads (of files of a store; each with file, state, rows, rejects, table, target
and task, as in \`load show --json\`), why_unknown.`;
