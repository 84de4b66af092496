import type { Settings } from '../../../shared/config/settings.ts';
import { fromText, toText } from '../../../shared/fs/byte-path.ts';
import { createLogger } from '../../../shared/log/logger.ts';
import type { State } from '../../../shared/state/open.ts';
import { removeDeadCopies } from '../../../shared/uploads/copy-cleaning.ts';
import { copyPointsFrom } from '../../../shared/uploads/copy-points.ts';
import { CopyRecords } from '../../../shared/uploads/copy-records.ts';
import type { CliContext } from '../context.ts';
import { printable } from '../format/text.ts';
import { wantsColour } from '../terminal.ts';

/** What a server does to `incoming_tmp` when it starts: what no live copy owns goes, and is over on record too. */
export async function emptyIncomingTmp(
  serverDirectory: string,
  { settings, state }: { settings: Settings; state: State },
  context: CliContext,
): Promise<void> {
  const { stderr, env, clock } = context;
  const logger = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    process: 'serve',
    sink: { write: (line) => stderr.write(line) },
    colour: wantsColour(context),
  });
  await removeDeadCopies(fromText(serverDirectory), {
    points: copyPointsFrom(env),
    removed: (path) => logger.info({ event: 'copy.removed', path: toText(path) }),
    left: (path, why) => stderr.write(`wharfinger: ${printable(path)} is left: ${why}\n`),
  });
  new CopyRecords(state, () => clock.nowMs()).settleDead(fromText(serverDirectory));
}
