import { availableParallelism, homedir } from 'node:os';
import type { Command } from 'commander';
import { resolveServe } from '../../../shared/config/resolve-serve.ts';
import { readUploadStatus } from '../../../shared/uploads/inspect/status.ts';
import type { CliContext } from '../context.ts';
import { uploadStatusJson, uploadStatusText } from '../format/uploads.ts';
import { addExamples } from '../help.ts';
import { GROUPS, PRECEDENCE } from '../option-groups.ts';
import { addOptions, addStateOptions, givenOptions } from '../options.ts';
import { readingState } from '../state.ts';
import { supervise } from '../supervise.ts';

/** `wharfinger serve`: uploads what is put into its directory, each file to the bucket that its place names. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .summary('upload files to object storage, by the place they are put in')
    .description(
      'Uploads every file that is put below incoming/<profile>/<bucket>/ of the server directory; its path below the bucket is its key. ' +
        'A file moves from incoming to processing, and from there to completed, or to failed with a reason. ' +
        'Several may run on one server directory and state file.',
    );
  addOptions(command, GROUPS.serve).action(async () => {
    const resolved = resolveServe({
      flags: givenOptions(command),
      env: context.env,
      cwd: context.cwd,
      cores: availableParallelism(),
      onTerminal: context.stderr.isTerminal,
    });
    const { loadProfiles } = await import('../../../shared/object-store/credentials/load-profiles.ts');
    const { env } = context;
    const profiles = loadProfiles({ file: resolved.credentials, env, home: homedir() });
    const { prepareServe } = await import('../prepare-serve.ts');
    await prepareServe(resolved, [...profiles.byName.keys()], context);
    for (const warning of profiles.warnings) context.stderr.write(`wharfinger: ${warning}\n`);
    await supervise(resolved.settings, context);
  });
  command.addHelpText('after', PRECEDENCE);
  registerStatus(command, context);
  addExamples(command, [
    [
      'wharfinger serve --server-directory /srv/flood --credentials /etc/wharfinger/credentials',
      'until told to stop',
    ],
    [
      'wharfinger serve --server-directory /srv/flood --once',
      'upload what is there now, then exit; for cron',
    ],
    ['wharfinger serve status', 'how many files are where, and what they wait for'],
  ]);
}

function registerStatus(serve: Command, context: CliContext): void {
  const { stdout, clock } = context;
  const command = serve
    .command('status')
    .description('how many files of each bucket are where, and what they wait for')
    .option('--json', 'one JSON object')
    .addHelpText('after', STATUS_HELP);
  addStateOptions(command);
  command.action(async ({ json }: { json?: true }) => {
    await readingState(command, context, (state) => {
      const nowMs = clock.nowMs();
      const status = readUploadStatus(state, nowMs);
      stdout.write(json ? `${JSON.stringify(uploadStatusJson(status))}\n` : uploadStatusText(status, nowMs));
    });
  });
}

const STATUS_HELP = `
It knows every upload of the state file, also those of \`watch\` and of sinks.

JSON keys: untaken (files in the queue that no worker has looked at yet) and
buckets, each with profile, bucket, the number of files in each state
(incoming_tmp, incoming, processing, completed, failed, gone), bytes, closed
(reason and until when nothing is sent to it; null where it is open) and waiting
(reason and files).`;
