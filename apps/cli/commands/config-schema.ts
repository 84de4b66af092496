import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addExamples } from '../help.ts';

/** `wharfinger config-schema`: the JSON Schema of the config file, or of the file that `watch` takes, for editors. */
export function register(program: Command, { stdout }: CliContext): void {
  const command = program
    .command('config-schema')
    .summary('print the JSON Schema of the config file')
    .description(
      'Prints the JSON Schema of the config file, by which an editor completes and checks it. ' +
        'Keys are the options of `start` in snake case; routes is a list of inputs with options of their own.',
    )
    .option('--watch', 'of the file with targets that `watch` takes')
    .action(async ({ watch = false }: { watch?: boolean }) => {
      const { configJsonSchema, watchJsonSchema } = await import('../../../shared/config/config-schema.ts');
      stdout.write(`${JSON.stringify(watch ? watchJsonSchema() : configJsonSchema(), null, 2)}\n`);
    });
  addExamples(command, [
    ['wharfinger config-schema > wharfinger.schema.json', 'write it beside the config file'],
    [
      "sed -i '1i # yaml-language-server: $schema=wharfinger.schema.json' wharfinger.yaml",
      'tell editors of it',
    ],
    ['wharfinger start --config wharfinger.yaml', 'run with a config file'],
    [
      'wharfinger config-schema --watch > targets.schema.json',
      'the same for `wharfinger watch --target targets.yaml`',
    ],
  ]);
}
