import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Resolved } from '../../../shared/config/resolve.ts';
import { checkProfiles } from '../check-profiles.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../help.ts';
import { GROUPS, PRECEDENCE } from '../option-groups.ts';
import { addOptions } from '../options.ts';
import { settingsOf } from '../settings.ts';
import { supervise } from '../supervise.ts';

/** `wharfinger start`: everything, until it is told to stop; or one pass. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('start', { isDefault: true })
    .summary('take files until told to stop (the default command)')
    .description(
      'Watches the input, and moves each complete file exactly once into the warehouse, with a record in the manifest. ' +
        'Forks one discoverer and the workers, and restarts what dies. ' +
        'The first SIGINT or SIGTERM finishes what is in hand, the second stops at once.',
    );
  addOptions(command, GROUPS.start).action(async () => {
    const resolved = settingsOf(command, context);
    await (resolved.dryRun ? dryRun(resolved, context) : start(resolved, context));
  });
  command.addHelpText('after', PRECEDENCE);
  addExamples(command, [
    ['wharfinger start', 'watch data/staging with the defaults'],
    [
      'wharfinger start --input /srv/in --warehouse /srv/warehouse --manifests /srv/manifests --workers 8',
      'say where everything is',
    ],
    ['wharfinger start --mode sidecar --include "**/*.csv"', 'take report.csv once report.csv.ok is there'],
    ['wharfinger start --once --stability-seconds 2', 'take what is complete now, then exit; for cron'],
    ['wharfinger start --dry-run --input /srv/in', 'say what would happen to each file, and change nothing'],
    ['WHARFINGER_LOG_FORMAT=json wharfinger start --config /etc/wharfinger.yaml', 'run as a service'],
  ]);
}

async function start({ settings, inputsToMake }: Resolved, context: CliContext): Promise<void> {
  const { prepareDirectories } = await import('../../../shared/config/prepare.ts');
  prepareDirectories(settings, inputsToMake);
  const sinks = settings.routes.flatMap((route) => route.sinks);
  for (const warning of await checkProfiles(sinks, context.env))
    context.stderr.write(`wharfinger: ${warning}\n`);
  await supervise(settings, context);
}

async function dryRun(
  { settings, inputsToMake }: Resolved,
  { clock, stdout, stderr }: CliContext,
): Promise<void> {
  const [missing] = inputsToMake.filter((input) => !existsSync(input));
  if (missing !== undefined) {
    stderr.write(`wharfinger: ${missing} does not exist yet, so nothing would happen; start makes it\n`);
    return;
  }
  const { checkInputs } = await import('../../../shared/config/prepare.ts');
  checkInputs(settings);
  const { ignoreLeaseSignal } = await import('../../../shared/linux/open-writer.ts');
  ignoreLeaseSignal();
  const { dryRun } = await import('../../discoverer/dry-run.ts');
  await dryRun({ settings, clock, write: (text) => stdout.write(text) });
}
