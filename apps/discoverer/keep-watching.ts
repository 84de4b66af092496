import type { Parts } from './assemble.ts';
import { runDueLoop } from './due/due-loop.ts';
import { EventPump, type WatchOwner } from './watch/event-pump.ts';
import { RouteWatcher } from './watch/route-watcher.ts';
import { Watches } from './watch/watches.ts';

/**
 * Scans, takes events, and looks at candidates as they become due, all side by side.
 *
 * @param stop aborts the parts' signal, so that none goes on when one has failed
 * @throws the first failure, or the signal's reason when aborted
 */
export async function keepWatching(parts: Parts, stop: () => void): Promise<void> {
  const { patience, kernel, minder, steadyClock: clock, timer, signal } = parts;
  const watches = new Watches<WatchOwner>(kernel, () => pump.collect());
  const watchers = parts.routes.map((route) => new RouteWatcher({ ...parts, route, watches }));
  const pump = new EventPump({
    ...parts,
    watches,
    owners: () => watchers.filter((watcher) => watcher.isWatching),
  });
  const routes = () => watchers.filter((watcher) => watcher.isPresent).map(({ route }) => route);
  const loops = [
    ...watchers.map((watcher) => () => watcher.run()),
    () => pump.run(),
    () => runDueLoop({ routes, minder, clock, timer, signal }),
  ];
  try {
    await allOrNone(
      loops.map((loop) => () => patience.with(loop)),
      stop,
    );
  } finally {
    watches.close();
  }
}

/** Resolves or rejects when all have ended; the first that fails stops the others, and its failure is the outcome. */
async function allOrNone(loops: readonly (() => Promise<void>)[], stop: () => void): Promise<void> {
  let failure: { error: unknown } | undefined;
  const ends = loops.map(async (loop) => {
    try {
      await loop();
    } catch (error) {
      failure ??= { error };
      stop();
    }
  });
  await Promise.all(ends);
  if (failure !== undefined) throw failure.error;
}
