import type { Command } from 'commander';
import type { Resolved } from '../../../shared/config/resolve.ts';
import { runAlone } from '../alone.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../help.ts';
import { GROUPS, PRECEDENCE } from '../option-groups.ts';
import { addOptions } from '../options.ts';
import { settingsOfAlone } from '../settings.ts';

/** `wharfinger discoverer`: one discoverer alone, for a process manager. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('discoverer')
    .summary('run one discoverer alone, for a process manager such as pm2')
    .description(
      'Watches the input and puts a job into the queue for each file that is complete. It moves nothing: workers do. ' +
        'What it is told of warehouse, manifests and duplicates goes to the workers with the jobs.',
    );
  addOptions(command, GROUPS.discoverer).action(async () => {
    await discover(settingsOfAlone(command, context), context);
  });
  command.addHelpText('after', PRECEDENCE);
  addExamples(command, [
    ['wharfinger discoverer', 'watch data/staging'],
    ['wharfinger discoverer --config /etc/wharfinger.yaml', 'with the config file of the workers'],
    ['wharfinger discoverer --once', 'queue what is complete now, then exit'],
  ]);
}

async function discover({ settings, inputsToMake }: Resolved, context: CliContext): Promise<void> {
  const { prepareDirectories } = await import('../../../shared/config/prepare.ts');
  prepareDirectories(settings, inputsToMake);
  await runAlone('discoverer', settings, context, async ({ state, logger, signal }) => {
    const { crashPointsFrom } = await import('../../../shared/crash-points.ts');
    const { runDiscoverer } = await import('../../discoverer/main.ts');
    logger.info({ event: 'discoverer.started' });
    const { incomplete } = await runDiscoverer({
      settings,
      state,
      logger,
      clock: context.clock,
      signal,
      crash: crashPointsFrom(context.env),
      onEnqueued: () => undefined,
    });
    if (!settings.once) return;
    for (const { source, waitsFor } of incomplete.slice(0, MAX_NAMED)) {
      logger.info({ event: 'file.incomplete', source, waits_for: waitsFor });
    }
  });
}

/** More names than this are for `queue list`, not for a log. */
const MAX_NAMED = 100;
