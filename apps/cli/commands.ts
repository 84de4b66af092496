import type { Command } from 'commander';
import { nearest } from '../../shared/config/words.ts';
import { UsageError } from '../../shared/errors.ts';
import type { CliContext } from './context.ts';

type CommandModule = { register(program: Command, context: CliContext): void };

/** Every command, in the order of the help page. One is loaded when it is asked for: most of a start-up is loading. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  start: () => import('./commands/start.ts'),
  serve: () => import('./commands/serve.ts'),
  copy: () => import('./commands/copy.ts'),
  watch: () => import('./commands/watch.ts'),
  scan: () => import('./commands/scan.ts'),
  load: () => import('./commands/load.ts'),
  queue: () => import('./commands/queue.ts'),
  trace: () => import('./commands/trace.ts'),
  verify: () => import('./commands/verify.ts'),
  archive: () => import('./commands/archive.ts'),
  doctor: () => import('./commands/doctor.ts'),
  discoverer: () => import('./commands/discoverer.ts'),
  worker: () => import('./commands/worker.ts'),
  'config-schema': () => import('./commands/config-schema.ts'),
};

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** `start` needs no name. */
const DEFAULT_COMMAND = 'start';

const asksForHelp = (word: string | undefined): boolean => word === '--help' || word === '-h';

/**
 * Registers the commands that `argv` may speak of: one, or all for the general help.
 *
 * @throws UsageError where it names one that does not exist
 */
export async function registerCommands(
  program: Command,
  argv: readonly string[],
  context: CliContext,
): Promise<void> {
  const named = argv[0] === 'help' ? argv[1] : argv[0];
  const isGeneralHelp = asksForHelp(named) || (argv[0] === 'help' && named === undefined);
  const wanted = isGeneralHelp
    ? COMMAND_NAMES
    : [named === undefined || named.startsWith('-') ? DEFAULT_COMMAND : known(named)];
  const modules = await Promise.all(wanted.map((name) => COMMANDS[name]?.()));
  for (const module of modules) module?.register(program, context);
}

function known(name: string): string {
  if (COMMAND_NAMES.includes(name)) return name;
  const meant = nearest(name, [...COMMAND_NAMES, 'help']);
  const general = name.includes('/')
    ? `to watch a directory, write --input ${name}`
    : '`wharfinger help` shows all there are';
  throw new UsageError(`there is no command ${JSON.stringify(name)}`, {
    code: 'usage.command',
    subject: name,
    hint: meant === undefined ? general : `did you mean ${meant}?`,
  });
}
