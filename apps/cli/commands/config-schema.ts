import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples } from '../help.ts';

/** `wharfinger config-schema`: the JSON Schema of the config file, for editors. */
export function register(program: Command, { stdout }: CliContext): void {
  const command = program
    .command('config-schema')
    .summary('print the JSON Schema of the config file')
    .description(
      'Prints the JSON Schema of the config file, by which an editor completes and checks it. ' +
        'Keys are the options of `start` in snake case; routes is a list of inputs with options of their own.',
    )
    .action(async () => {
      const { configJsonSchema } = await import('../../../shared/config/config-schema.ts');
      stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    });
  addExamples(command, [
    ['wharfinger config-schema > wharfinger.schema.json', 'write it beside the config file'],
    [
      "sed -i '1i # yaml-language-server: $schema=wharfinger.schema.json' wharfinger.yaml",
      'tell editors of it',
    ],
    ['wharfinger start --config wharfinger.yaml', 'run with a config file'],
  ]);
}
