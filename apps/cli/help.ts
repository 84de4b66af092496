import type { Command } from 'commander';

/** A command line that works as it stands, and what it does. */
export type Example = readonly [command: string, effect: string];

/** Ends the help of a command with examples, which teach more than the list of its options. */
export function addExamples(command: Command, examples: readonly Example[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  // A short list reads best as a table; a long command line gets a line of its own.
  const isTable = width <= MAX_TABLE_COLUMN;
  const lines = examples.map(([line, effect]) =>
    isTable ? `  ${line.padEnd(width)}  ${effect}` : `  # ${effect}\n  ${line}`,
  );
  return command.addHelpText('after', `\nExamples:\n${lines.join(isTable ? '\n' : '\n\n')}`);
}

const MAX_TABLE_COLUMN = 44;
