import { Command, type CommanderError } from 'commander';
import { nearest } from '../../shared/config/words.ts';
import { UsageError } from '../../shared/errors.ts';

/** A command whose refusals are UsageErrors that name the option that was meant. */
export class CliCommand extends Command {
  override createCommand(name?: string): CliCommand {
    return new CliCommand(name);
  }

  /** Commander's own hook: it knows the unknown option, but does not see the one meant in `--inptu=/srv/in`. */
  unknownOption(given: string): never {
    const [flag = given, value] = given.split('=', 2);
    const known = this.options.flatMap(({ long }) => (long === undefined ? [] : [long]));
    if (value !== undefined && known.includes(flag)) throw this.#valueForFlag(flag, value, known);
    const meant = nearest(flag, known);
    throw new UsageError(`unknown option ${flag}`, {
      code: 'usage.option',
      subject: flag,
      hint: meant === undefined ? `\`${pathOf(this)} --help\` shows all there are` : `did you mean ${meant}?`,
    });
  }

  #valueForFlag(flag: string, value: string, known: readonly string[]): UsageError {
    const opposite = flag.replace(/^--(no-)?/, (_, no) => (no === undefined ? '--no-' : '--'));
    const isNo = /^(false|no|0)$/i.test(value);
    return new UsageError(`the option ${flag} takes no value`, {
      code: 'usage.option',
      subject: flag,
      hint: !isNo ? `write ${flag}` : known.includes(opposite) ? `write ${opposite}` : 'leave it out',
    });
  }
}

/** `wharfinger queue list`. */
const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

/** Commander's other refusals in one line; undefined where it only showed help or the version, as asked. */
export function usageErrorOf(error: CommanderError, argv: readonly string[]): UsageError | undefined {
  if (error.exitCode === 0) return undefined;
  const [first = '-'] = argv;
  const command = first.startsWith('-') ? 'start' : first;
  const details = { code: 'usage.command', cause: error };
  const help = `\`wharfinger ${command} --help\` shows how`;
  if (error.code === 'commander.help') {
    return new UsageError(`${command} needs to be told what to do`, { ...details, hint: help });
  }
  const [message = ''] = error.message.replace(/^error: /, '').split('\n');
  const isStray = error.code === 'commander.excessArguments' && first.startsWith('-');
  return new UsageError(message.replace(/\.$/, ''), {
    ...details,
    hint: isStray ? 'the command comes first, and directories are given with --input' : help,
  });
}
