/** Opens the state file it is told, puts a job into it, and tells how that went; forked. */
import { WharfingerError } from '../../shared/errors.ts';
import { openState } from '../../shared/state/open.ts';

process.on('message', (path: string) => {
  process.send?.(attempt(path));
});
process.on('disconnect', () => process.exit());
process.send?.('up');

function attempt(path: string): string {
  try {
    const state = openState(path);
    const insert = state.prepare(
      "INSERT INTO jobs (kind, key, enqueued_ms, updated_ms) VALUES ('k', ?, 0, 0)",
    );
    insert.run(Buffer.from(String(process.pid)));
    state.close();
    return 'opened';
  } catch (error) {
    return error instanceof WharfingerError ? error.code : String(error);
  }
}
