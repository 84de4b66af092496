import { accessSync, constants, statSync } from 'node:fs';
import { EnvironmentError, errnoOf } from '../errors.ts';
import { prepareState, realPath } from './prepare.ts';
import { refuseOverlapsWithStore, type ScanSettings } from './resolve-scan.ts';

/**
 * Makes the machine ready for `scan`, or says in one line what it lacks: the store is there and can be listed, and the state file is on a
 * local disk. In the store nothing is made. Idempotent.
 *
 * @throws EnvironmentError; UsageError where links make places overlap that seemed apart
 */
export function prepareScan(settings: ScanSettings): void {
  requireStore(settings.store);
  refuseOverlapsWithStore(withRealPaths(settings));
  prepareState(settings.statePath);
}

/** @throws EnvironmentError `store.missing`, `store.unreadable` */
export function requireStore(store: string): void {
  try {
    if (!statSync(store).isDirectory()) throw missing(store, 'is not a directory');
    accessSync(store, constants.R_OK | constants.X_OK);
  } catch (error) {
    switch (errnoOf(error)) {
      case undefined:
        throw error;
      case 'ENOENT':
        throw missing(store, 'does not exist', error);
      case 'ENOTDIR':
        throw missing(store, 'lies below a file', error);
      default:
        throw new EnvironmentError(`the store ${store} cannot be read (${errnoOf(error)})`, {
          code: 'store.unreadable',
          subject: store,
          hint: 'let this user list (r) and enter (x) it',
          cause: error,
        });
    }
  }
}

const missing = (store: string, wrong: string, cause?: unknown): EnvironmentError =>
  new EnvironmentError(`the store ${store} ${wrong}`, {
    code: 'store.missing',
    subject: store,
    hint: 'make it, mount it, or give another with --store',
    cause,
  });

function withRealPaths(settings: ScanSettings): ScanSettings {
  const { sink } = settings;
  const { target } = sink;
  const real =
    target.is === 'duckdb'
      ? { ...target, path: realPath(target.path) }
      : target.is === 'parquet'
        ? { ...target, directory: realPath(target.directory) }
        : target;
  return {
    ...settings,
    store: realPath(settings.store),
    statePath: realPath(settings.statePath),
    sink: { ...sink, target: real },
  };
}
