import type { Command } from 'commander';
import { EXIT } from '../../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import type { Check } from '../doctor/check.ts';
import { examine } from '../doctor/doctor.ts';
import { escapeControls } from '../format/text.ts';
import { addExamples } from '../help.ts';
import { addOptions } from '../options.ts';
import { settingsOf } from '../settings.ts';

/** `doctor`: what would make wharfinger fail or crawl on this machine; exit 5 where it would fail. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .summary('look for what would make it fail or crawl here, with the mend')
    .description(
      'Looks for what would make it fail or crawl here, with the mend. Exits with 5 where it would fail.',
    )
    .option(
      '--json',
      'a JSON object a line: level (ok, warn, fail), check, what, mend (null where all is well)',
    );
  addOptions(command, [
    { heading: 'Where:', names: ['input', 'recursive', 'warehouse', 'manifests', 'state_path'] },
    { heading: 'How:', names: ['on_duplicate', 'duplicates', 'watch'] },
  ]);
  command.addHelpText('after', HELP);
  addExamples(command, [
    [
      'wharfinger doctor --input /srv/in --warehouse /srv/warehouse',
      'before the first start, with the options of start',
    ],
    ['wharfinger doctor --config /etc/wharfinger.yaml', 'all routes of a config file'],
  ]);
  command.action(async ({ json }: { json?: true }) => {
    const { settings, inputsToMake } = settingsOf(command, context);
    const monotonicMs = () => performance.now();
    const { env, clock } = context;
    for await (const check of examine({ settings, inputsToMake, env, nowMs: clock.nowMs, monotonicMs })) {
      context.stdout.write(json ? checkJson(check) : checkText(check));
      if (check.level === 'fail') context.setExitCode(EXIT.environment);
    }
  });
}

const checkText = ({ level, what, mend }: Check): string =>
  `${level.padEnd(4)}  ${escapeControls(what)}${mend === undefined ? '' : ` — ${escapeControls(mend)}`}\n`;

const checkJson = ({ level, check, what, mend }: Check): string =>
  `${JSON.stringify({ level, check, what, mend: mend ?? null })}\n`;

const HELP = `
It tries what it can, with hidden files of its own in the directories that are
named, and removes them. Run it as the user that wharfinger runs as.`;
