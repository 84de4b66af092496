import { type Command, Option } from 'commander';
import { EXIT, UsageError } from '../../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import type { CopyOptions } from '../copy/copy.ts';
import { addExamples } from '../help.ts';
import { GROUPS } from '../option-groups.ts';
import { addOptions } from '../options.ts';

/** `wharfinger copy`: hands files to a server directory, whole or not at all. */
export function register(program: Command, context: CliContext): void {
  const command = program
    .command('copy')
    .summary('copy files into a server directory, to be uploaded')
    .description(
      'Copies files to incoming_tmp of the server directory, and moves each to incoming once it is whole and durable: `wharfinger serve` ' +
        'uploads it from there, whether it runs now or later. What dies in the middle leaves nothing in incoming.',
    )
    .usage('[options] <SOURCE...> <s3://profile/bucket/path>')
    .argument('<SOURCE...>', 'files, or with -r directories, and last where they go');
  const group = 'Copying:';
  const flag = (flags: string, description: string) =>
    command.addOption(new Option(flags, description).helpGroup(group));
  flag('-r, --recursive', 'copy directories with all that is in them');
  flag('--force', 'replace a file of the same name that waits there with other content');
  flag('--wait', 'follow the files until they are uploaded, or failed');
  flag('--json', 'a JSON object a line and file on stdout');
  addOptions(command, GROUPS.copy).addHelpText('after', HELP);
  addExamples(command, [
    [
      'wharfinger copy report.csv s3://lab/archive/2024/ --server-directory /srv/flood',
      'the key is 2024/report.csv',
    ],
    ['wharfinger copy -r photos s3://lab/archive --server-directory /srv/flood', 'keys are photos/…'],
    [
      'wharfinger copy -r photos/ s3://lab/archive/2024 --wait --server-directory /srv/flood',
      'keys are 2024/…; ends when all are uploaded',
    ],
  ]);
  command.action(async (paths: string[], options: CopyOptions) => {
    const sources = paths.slice(0, -1);
    const to = paths.at(-1);
    if (to === undefined || sources.length === 0)
      throw new UsageError('copy needs to be told what to copy and where to', {
        code: 'usage.missing',
        hint: 'for example `wharfinger copy report.csv s3://lab/archive/`',
      });
    const { copy } = await import('../copy/copy.ts');
    await copy(command, context, { sources, to, options });
  });
}

const HELP = `
Where a file goes:
  SOURCE         s3://p/b or s3://p/b/   s3://p/b/x/     s3://p/b/x
  report.csv     report.csv              x/report.csv    x
  -r photos      photos/…                x/photos/…      x/…
  -r photos/     …                       x/…             x/…

A destination that ends with a slash, and a bucket, is a directory; several
sources need one. Any other is the new name of what is copied: object storage
has no directories that could be there already. Only where incoming has a
directory x at present, a file goes into it, as with cp. A slash behind a
source, as with rsync, and . and .. mean what is in it.

A source may be a symbolic link; links, sockets, FIFOs and devices in a
directory are left out, and so are directories without files. Mode, times and,
where permitted, the owner are kept. A file whose name and content wait in
incoming already is not copied again.

Exit codes: ${EXIT.filesFailed} where a file was not copied, or with --wait did not get to its bucket,
or where it was told to stop before the end; the other files were copied.
JSON keys: status (copied, present, failed, skipped; with --wait copied and
present become completed, failed or gone, unless it is told to stop), source,
profile, bucket, key, size, sha256, record, reason.`;
