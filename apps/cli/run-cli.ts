import { CommanderError } from 'commander';
import { EXIT } from '../../shared/errors.ts';
import { registerCommands } from './commands.ts';
import type { CliContext } from './context.ts';
import { addExamples } from './help.ts';
import { lastWords } from './last-words.ts';
import { CliCommand, usageErrorOf } from './usage.ts';

/**
 * Runs one command line to its end. Never throws: an error is printed in its one line (a defect with its stack) and becomes
 * the exit code.
 *
 * @param argv without the program's own name
 * @param reportTo where defects are reported, where that is known
 */
export async function runCli(argv: readonly string[], context: CliContext, reportTo?: string): Promise<void> {
  try {
    const program = createProgram(context);
    await registerCommands(program, argv, context);
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    const cause = error instanceof CommanderError ? usageErrorOf(error, argv) : error;
    if (cause === undefined) return;
    const { text, exitCode } = lastWords(cause, reportTo);
    context.stderr.write(text);
    context.setExitCode(exitCode);
  }
}

function createProgram({ stdout, version }: CliContext): CliCommand {
  const program = new CliCommand('wharfinger');
  program
    .description(
      'Takes custody of files dropped into directories: notices when each is complete, takes it exactly once, and moves it into ' +
        'a date-partitioned warehouse with a manifest.',
    )
    .usage('[command] [options]')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride()
    .hook('preAction', (_, command) => {
      if (command instanceof CliCommand) command.refuseLostValue();
    })
    // What commander would print about an error is printed by `runCli`, in one line.
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: () => undefined,
      getOutHelpWidth: () => stdout.columns ?? HELP_WIDTH,
      getOutHasColors: () => false,
    });
  addExamples(program, [
    ['wharfinger', 'watch data/staging, fill data/warehouse and data/manifests'],
    ['wharfinger --input /srv/in --once', 'take what is complete in /srv/in now, then exit'],
    ['wharfinger start --help', 'all options; each is a variable and a key too'],
    ['wharfinger queue stats --watch', 'see what goes on'],
    ['wharfinger trace data/staging/report.csv', 'what became of one file'],
  ]);
  return program.addHelpText('after', EXIT_CODES);
}

const HELP_WIDTH = 100;

const EXIT_CODES = `
Exit codes:
  ${EXIT.done}  done, or stopped as asked
  ${EXIT.defect}  a defect of wharfinger
  ${EXIT.usage}  wrong usage or configuration
  ${EXIT.filesFailed}  --once finished, but files failed or wait for a later attempt
  ${EXIT.disagreement}  verify found a disagreement
  ${EXIT.environment}  the environment refuses: directory missing, no permission, state locked, disk full`;
