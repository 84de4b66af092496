import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { resolveWatch } from '../../../shared/config/resolve-watch.ts';
import { checkProfiles } from '../check-profiles.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../help.ts';
import { GROUPS, WATCH_PRECEDENCE } from '../option-groups.ts';
import { addOptionsAlone, givenOptions } from '../options.ts';
import { supervise } from '../supervise.ts';

/** `wharfinger watch`: uploads what is dropped into directories, and takes it away once it is there. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('watch')
    .summary('upload files to object storage as they are dropped into directories')
    .description(
      'Uploads each file of the targets as soon as its writer has closed it, unpacked where it is compressed. ' +
        'The file is removed, kept or moved away only when the server has said that it has all of it. ' +
        'Each target has a process of its own that watches it; one file may name many.',
    );
  addOptionsAlone(command, GROUPS.watch).action(async () => {
    const settings = resolveWatch({
      flags: givenOptions(command),
      env: context.env,
      cwd: context.cwd,
      cores: availableParallelism(),
      onTerminal: context.stderr.isTerminal,
    });
    const { prepareWatch } = await import('../../../shared/config/prepare-watch.ts');
    prepareWatch(settings);
    const sinks = settings.uploadRoutes.map(({ sink }) => sink);
    for (const warning of await checkProfiles(sinks, context.env))
      context.stderr.write(`wharfinger: ${warning}\n`);
    await supervise(settings, context);
  });
  command.addHelpText('after', WATCH_PRECEDENCE);
  addExamples(command, [
    ['wharfinger watch --target /srv/out --profile lab --bucket archive', 'until told to stop'],
    [
      'wharfinger watch --target /srv/out --profile lab --bucket archive --after move --moved-to /srv/sent',
      'keep what was uploaded, elsewhere',
    ],
    ['wharfinger watch --target /etc/wharfinger/targets.yaml', 'many directories, each with its own bucket'],
    [
      'wharfinger watch --target /srv/out --profile lab --bucket archive --once',
      'upload what is there now, then exit; for cron',
    ],
  ]);
}
