import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { resolveScan, type ScanSettings } from '../../../shared/config/resolve-scan.ts';
import { EXIT } from '../../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { bytes, count, plural } from '../format/text.ts';
import { addExamples } from '../help.ts';
import { GROUPS } from '../option-groups.ts';
import { addOptionsAlone, givenOptions } from '../options.ts';
import { wantsColour } from '../terminal.ts';

/** `wharfinger scan`: finds the files of a store that is only read, and has them loaded into a table. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('scan')
    .summary('find files to load in a store that is only read')
    .description(
      'Looks through a directory of CSV files that somebody else fills, and puts those that are new and complete into tasks, which ' +
        '`wharfinger load` loads into a table. The files stay where they are; nothing in the store is changed.',
    );
  addOptionsAlone(command, GROUPS.scan).action(async () => {
    const settings = resolveScan({
      flags: givenOptions(command),
      env: context.env,
      cwd: context.cwd,
      cores: availableParallelism(),
      onTerminal: context.stderr.isTerminal,
    });
    await scan(settings, context);
  });
  command.addHelpText('after', HELP);
  addExamples(command, [
    [
      'wharfinger scan --store /mnt/exports --into duckdb:/srv/tables.duckdb --table orders --once',
      'what is new now, then exit; for cron, as `wharfinger load --once` is a minute later',
    ],
    [
      'wharfinger scan --store /mnt/exports --into duckdb:/srv/tables.duckdb --table orders --interval-seconds 300',
      'every five minutes, until told to stop',
    ],
    [
      'wharfinger scan --store /mnt/exports --into postgres://etl@db/lake --table raw.orders --interval-seconds 2000000 --once',
      'all files of the last 23 days, however long they have been there',
    ],
  ]);
}

async function scan(settings: ScanSettings, context: CliContext): Promise<void> {
  const { prepareScan } = await import('../../../shared/config/prepare-scan.ts');
  prepareScan(settings);
  const { createLogger } = await import('../../../shared/log/logger.ts');
  const { openState } = await import('../../../shared/state/open.ts');
  const { hasOpenWriter } = await import('../../../shared/linux/open-writer.ts');
  const { runScanner } = await import('../../scanner/main.ts');
  const logger = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    process: `scanner-${process.pid}`,
    sink: { write: (line) => context.stderr.write(line) },
    colour: wantsColour(context),
  });
  const signal = context.stopSignal();
  const state = openState(settings.statePath);
  try {
    const { clock } = context;
    const outcome = await runScanner({ settings, state, logger, clock, kernel: { hasOpenWriter }, signal });
    if (outcome === undefined) return;
    const { seen, added, bytes: size, tasks, incomplete, isWhole } = outcome;
    const parts = [
      `${plural(seen, 'file')} seen`,
      `${count(added)} new (${bytes(size)}) in ${plural(tasks, 'task')}`,
      ...(incomplete > 0 ? [`${count(incomplete)} not complete yet`] : []),
      ...(isWhole ? [] : ['a part of the store could not be read']),
    ];
    context.stdout.write(`${parts.join(', ')}\n`);
    if (!isWhole) context.setExitCode(EXIT.filesFailed);
  } finally {
    state.close();
  }
}

const HELP = `
A scan looks at every name, and takes the files that were last changed, or
brought into the store, since the last scan that ended well, and at least within
the last --interval-seconds; those that were taken before are passed by. The
first one looks back one interval: give a large one to take what has been there
for long. With --once it prints one line, and exits with 3 where it could not
read all of the store.

Each option is also a variable (--task-bytes is WHARFINGER_TASK_BYTES), and an
option wins over it. There is no config file.`;
