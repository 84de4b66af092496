import type { Clock } from '../../../../shared/clock.ts';
import type { CrashPoints } from '../../../../shared/crash-points.ts';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, dirname } from '../../../../shared/fs/byte-path.ts';
import type { Logger } from '../../../../shared/log/logger.ts';
import { manifestPathOf } from '../../../../shared/manifest/record.ts';
import type { Delta } from '../../delta.ts';
import { type Committed, commitFiles } from './commit.ts';
import { type Ended, isEnded, type PlacedFile } from './custody.ts';
import { placeOf } from './place.ts';
import type { PlaceContext } from './place-context.ts';
import type { PlaceHealth } from './place-health.ts';
import { delayedBy } from './refusal.ts';
import { reportBatch } from './report.ts';
import { removeSidecars } from './sidecar-removal.ts';
import type { IngestStore } from './store.ts';

export type SettlingOptions = {
  store: IngestStore;
  health: PlaceHealth;
  logger: Logger;
  clock: Clock;
  crash: CrashPoints;
  onProgress(delta: Delta): void;
};

/** The last step of a batch: what moved is made durable and committed, the other ends are recorded, all of it is reported. */
export class Settling {
  readonly #options: SettlingOptions;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  settle(placed: readonly PlacedFile[], ends: readonly Ended[], context: PlaceContext): void {
    const { store, health, logger, crash, onProgress } = this.#options;
    const committed = this.#commitDurable(placed, ends, context);
    onProgress(reportBatch(committed, logger));
    for (const file of committed.files) for (const place of placesOf(file)) health.works(place, file.route);
    removeSidecars(store, logger, crash);
  }

  #commitDurable(placed: readonly PlacedFile[], ends: readonly Ended[], context: PlaceContext): Committed {
    const refused = context.directories.sync();
    this.#options.crash.reach('place.directories-durable');
    if (refused.size === 0) return this.#commitOrDelay(placed, ends, context);
    const going = placed.map((file) => this.#delayIfIn(refused, file));
    const ended = ends.map((end) => this.#delayIfIn(refused, end));
    return this.#commitOrDelay(going.filter(isPlaced), [...going.filter(isEnded), ...ended], context);
  }

  /** What moved in or out of a directory that could not be synced is not known to be durable: it is looked at again later. */
  #delayIfIn<T extends PlacedFile | Ended>(refused: ReadonlyMap<BytePath, unknown>, file: T): T | Ended {
    const inFlight = isEnded(file) ? file.withdraw : file.inFlight;
    if (inFlight === undefined) return file;
    const { health } = this.#options;
    const { source, destination } = inFlight.row;
    const atPlace = destination === undefined ? undefined : refused.get(dirname(destination));
    if (atPlace !== undefined) return delayedBy(placeOf({ ...file, inFlight }), file, atPlace, health);
    const atSource = refused.get(dirname(source));
    return atSource === undefined ? file : delayedBy(file.route.input, file, atSource, health);
  }

  /** A directory of manifests that refuses delays the files that need it, and no others. */
  #commitOrDelay(placed: readonly PlacedFile[], ends: readonly Ended[], context: PlaceContext): Committed {
    try {
      for (const { inFlight, route } of placed) {
        if (inFlight.type === 'original')
          context.directories.make(route.manifests, manifestPathOf(route.manifests, inFlight.row.decidedMs));
      }
      return this.#commit(placed, ends);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      const groups = [...Map.groupBy(placed, manifestsOf).values()];
      if (groups.length > 1) {
        const parts = groups.map((group) => this.#commitOrDelay(group, [], context));
        return together([this.#commit([], ends), ...parts]);
      }
      const { health } = this.#options;
      const refused = placed.map((file) => delayedBy(file.route.manifests, file, error, health));
      return this.#commit([], [...ends, ...refused]);
    }
  }

  #commit(placed: readonly PlacedFile[], ends: readonly Ended[]): Committed {
    const { store, crash, clock, logger } = this.#options;
    if (placed.length + ends.length === 0) return together([]);
    return commitFiles(placed, ends, {
      store,
      crash,
      nowMs: clock.nowMs(),
      onManifestCut(path, lines) {
        logger.error(
          { event: 'manifest.cut', path, lines },
          `${lines} lines at the end of ${path} are of nothing that the state file knows, and were taken away: what they tell of was given up, or the state file is an old one, restored from a backup`,
        );
      },
      onManifestShortened(path, committed_bytes, found_bytes) {
        const event = 'manifest.shortened';
        logger.error(
          { event, path, committed_bytes, found_bytes },
          `${path} is shorter than what was committed to it; it is continued at its end, verify tells what is missing`,
        );
      },
    });
  }
}

const isPlaced = (file: PlacedFile | Ended): file is PlacedFile => !isEnded(file);

const together = (parts: readonly Committed[]): Committed => ({
  files: parts.flatMap(({ files }) => files),
  ended: parts.flatMap(({ ended }) => ended),
  adopted: parts.flatMap(({ adopted }) => adopted),
});

/** Where the lines of a file go; duplicates have none. */
const manifestsOf = ({ inFlight, route }: PlacedFile): BytePath | undefined =>
  inFlight.type === 'original' ? route.manifests : undefined;

/** What was seen to work by a file's commit: where it came from, where it went, where its line stands. */
function placesOf(file: PlacedFile): BytePath[] {
  const { destination } = file.inFlight.row;
  const moved = destination === undefined ? [] : [file.route.input, placeOf(file)];
  return [...moved, manifestsOf(file)].filter((path) => path !== undefined);
}
