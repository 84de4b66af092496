import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { CheckedArchives } from '../../../shared/archive-sink/inspect/check-archives.ts';
import { EXIT } from '../../../shared/errors.ts';
import { type BytePath, fromText } from '../../../shared/fs/byte-path.ts';
import { PROBLEMS, type Report } from '../../../shared/ledger/verify/finding.ts';
import { verify } from '../../../shared/ledger/verify/verify.ts';
import type { State } from '../../../shared/state/open.ts';
import type { CheckedTables } from '../../../shared/tables/inspect/check-tables.ts';
import type { CliContext } from '../context.ts';
import { FindingPrinter } from '../format/finding-printer.ts';
import { table } from '../format/table.ts';
import { addExamples } from '../help.ts';
import { addStateOptions } from '../options.ts';
import { readingState } from '../state.ts';

type Options = {
  deep?: boolean;
  json?: boolean;
  objects?: boolean;
  tables?: boolean;
  archives?: boolean;
  warehouse?: string;
  manifests?: string;
};

/** `verify`: ledger, manifests, warehouse and what was handed on against each other; exit 4 where they disagree. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('verify')
    .summary('compare ledger, manifests, warehouse, buckets, tables and archives; exit 4 where they disagree')
    .description(
      'Compares the ledger, the manifests, the warehouse, what was uploaded, loaded into tables and archived, and exits with 4 where they disagree.',
    )
    .option('--deep', 'read every file again and compare its SHA-256; check the state file too')
    .option('--json', 'a JSON object for each disagreement, and a last one with the summary')
    .option('--no-objects', 'do not ask object storage for what was uploaded')
    .option('--no-tables', 'do not ask the targets of tables for what was loaded')
    .option('--no-archives', 'do not look into archives for what was deposited')
    .option('--warehouse <DIR>', 'where the warehouse is now, if it was moved')
    .option('--manifests <DIR>', 'where the manifests are now, if they were moved')
    .addHelpText('after', HELP);
  addStateOptions(command);
  addExamples(command, [
    ['wharfinger verify', 'names, sizes and records'],
    ['wharfinger verify --deep', 'contents too: reads every file'],
    ['wharfinger verify --warehouse /mnt/restored', 'a copy that was brought back'],
  ]);
  command.action(async (options: Options) => {
    const { deep = false, json = false, objects = true, tables = true, archives = true } = options;
    const { warehouse, manifests } = options;
    const printer = new FindingPrinter(context, json);
    const moved = {
      ...movedTo('warehouse', warehouse, context),
      ...movedTo('manifests', manifests, context),
    };
    const summary = await readingState(command, context, async (state) => {
      const compared = await verify({ state, deep, report: printer, ...moved });
      return {
        ...compared,
        ...(objects && hasUploads(state) ? { objects: await compareObjects(state, printer, context) } : {}),
        ...(tables && hasLoads(state) ? await compareTables(state, printer, context) : {}),
        ...(archives && hasDeposits(state) ? await compareArchives(state, deep, printer, context) : {}),
      };
    });
    printer.summary(summary);
    if (printer.found > 0) context.setExitCode(EXIT.disagreement);
  });
}

const hasUploads = (state: State): boolean =>
  state.prepare("SELECT 1 FROM objects WHERE state = 'sent' LIMIT 1").get() !== undefined;

const hasLoads = (state: State): boolean =>
  state.prepare("SELECT 1 FROM sinks WHERE type = 'load' LIMIT 1").get() !== undefined;

const hasDeposits = (state: State): boolean =>
  state.prepare('SELECT 1 FROM archive_deposits LIMIT 1').get() !== undefined;

async function compareArchives(
  state: State,
  deep: boolean,
  report: Report,
  context: CliContext,
): Promise<CheckedArchives> {
  const { checkArchives } = await import('../../../shared/archive-sink/inspect/check-archives.ts');
  return await checkArchives({ state, report, deep, signal: context.stopSignal() });
}

/** As is what speaks to tables. */
async function compareTables(state: State, report: Report, context: CliContext): Promise<CheckedTables> {
  const { checkTables } = await import('../../../shared/tables/inspect/check-tables.ts');
  const { openToRead } = await import('../../../shared/tables/inspect/open-to-read.ts');
  const scratch = mkdtempSync(join(tmpdir(), 'wharfinger-verify-'));
  try {
    const places = { state, env: context.env, home: homedir(), scratch };
    return await checkTables({
      state,
      report,
      openTarget: (target) => openToRead(target, places),
      signal: context.stopSignal(),
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What speaks to object storage takes long to load. */
async function compareObjects(state: State, report: Report, context: CliContext): Promise<number> {
  const { checkObjects } = await import('../../../shared/uploads/inspect/check-objects.ts');
  const { Stores } = await import('../../../shared/object-store/stores.ts');
  const stores = new Stores({ env: context.env, home: homedir() });
  try {
    const storeOf = (credentials: string, profile: string) => stores.get(credentials, profile);
    return await checkObjects({ state, report, storeOf, signal: context.stopSignal() });
  } finally {
    stores.close();
  }
}

const movedTo = (
  kind: string,
  directory: string | undefined,
  { cwd }: CliContext,
): Record<string, BytePath> => (directory === undefined ? {} : { [kind]: fromText(resolve(cwd, directory)) });

const HELP = `
It changes nothing and may run while workers do: what was committed when it
began is compared, what is in flight is counted. Memory does not grow with the
number of files. Objects that were uploaded are asked for at their servers, by
HEAD; a server that does not answer is a note. So are the targets of tables: each
file that was loaded has a record there, and its rows; one that is away or busy
is a note. Archives are looked into for each file that was deposited, its bytes
are read with --deep; of what is only staged its staging archive must be there,
and hold it with --deep. A base that is away is a note. Each disagreement is one
line:

${table(Object.entries(PROBLEMS).map(([problem, meaning]) => [`  ${problem}`, meaning])).trimEnd()}

JSON keys of a disagreement: problem, path, id (of the row in the ledger, among
the duplicates, or of the file that was loaded), line (of the manifest), detail. A note is none: note,
path, detail. The summary: summary (true), disagreements, problems (how many of
each), committed, committed_bytes, duplicates, in_flight, manifests, lines,
warehouse_files, rehashed_files, rehashed_bytes, objects, tables, loads, archived,
staged (of these), reread_members.`;
