import { onDirectory } from '../../shared/config/directory-fault.ts';
import { prepareState } from '../../shared/config/prepare.ts';
import type { ResolvedServer } from '../../shared/config/resolve-serve.ts';
import { openState } from '../../shared/state/open.ts';
import { prepareServer } from '../../shared/uploads/prepare-server.ts';
import { ServerOwner } from '../../shared/uploads/server-owner.ts';
import type { CliContext } from './context.ts';
import { emptyIncomingTmp } from './copy/empty-incoming-tmp.ts';

/**
 * Makes a server directory ready: it belongs to this state file, has its directories for every profile, and `incoming_tmp` has nothing that
 * no live copy owns. Idempotent. In the server directory of another state file nothing is touched.
 *
 * @throws EnvironmentError
 */
export async function prepareServe(
  { settings, serverDirectory }: Pick<ResolvedServer, 'settings' | 'serverDirectory'>,
  profiles: readonly string[],
  context: CliContext,
): Promise<void> {
  prepareState(settings.statePath);
  const state = openState(settings.statePath);
  try {
    const owner = new ServerOwner(state);
    const marking = (action: () => void) =>
      onDirectory(serverDirectory, 'the server directory', HINT, action);
    marking(() => owner.refuseForeign(serverDirectory));
    prepareServer(serverDirectory, profiles);
    marking(() => owner.ensure(serverDirectory));
    await emptyIncomingTmp(serverDirectory, { settings, state }, context);
  } finally {
    state.close();
  }
}

const HINT = 'give another with --server-directory';
