import { Command, type CommanderError, type ErrorOptions } from 'commander';
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

  /** Commander's own hook. */
  unknownCommand(): never {
    const [given = ''] = this.args;
    const meant = nearest(
      given,
      this.commands.map((command) => command.name()),
    );
    throw new UsageError(`there is no command "${pathOf(this, given)}"`, {
      code: 'usage.command',
      subject: given,
      hint: meant === undefined ? `\`${pathOf(this)} --help\` shows all there are` : `did you mean ${meant}?`,
    });
  }

  /** All other refusals of commander come through here. */
  override error(message: string, options?: ErrorOptions): never {
    this.refuseLostValue();
    const [line = ''] = message.replace(/^error: /, '').split('\n');
    const isStray = options?.code === 'commander.excessArguments' && this.name() === 'start';
    throw new UsageError(line.replace(/\.$/, ''), {
      code: 'usage.command',
      hint: isStray
        ? 'the command comes first, and directories are given with --input'
        : `\`${pathOf(this)} --help\` shows how`,
    });
  }

  /** Commander takes whatever follows an option for its value, also another option: `--warehouse --once`. */
  refuseLostValue(): void {
    const flags = this.options.map(({ long }) => long);
    for (const option of this.options) {
      const values: unknown[] = [this.getOptionValue(option.attributeName())].flat();
      const taken = values.find((value) => typeof value === 'string' && flags.includes(value));
      if (taken === undefined) continue;
      throw new UsageError(`${option.long} needs a value, and ${taken} is an option`, {
        code: 'usage.value',
        subject: option.long ?? '',
        hint: `\`${pathOf(this)} --help\` shows how`,
      });
    }
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
const pathOf = (command: Command, ...more: string[]): string =>
  [...(command.parent === null ? [] : [pathOf(command.parent)]), command.name(), ...more].join(' ');

/** What is left of commander's refusals: a command that needs one of its own. Undefined where it showed help or the version, as asked. */
export function usageErrorOf(error: CommanderError, argv: readonly string[]): UsageError | undefined {
  if (error.exitCode === 0) return undefined;
  const [command = ''] = argv;
  return new UsageError(`${command} needs to be told what to do`, {
    code: 'usage.command',
    cause: error,
    hint: `\`wharfinger ${command} --help\` shows how`,
  });
}
