import type { Role } from '../../shared/ipc/messages.ts';

/** The file that each role's process runs. */
export type Entries = Record<Role, URL>;

/** The entry files beside this app, in the form that this file has itself: TypeScript in a checkout, JavaScript in the package. */
export function defaultEntries(here: string = import.meta.url): Entries {
  const extension = here.endsWith('.ts') ? 'ts' : 'js';
  return {
    discoverer: new URL(`../discoverer/child.${extension}`, here),
    worker: new URL(`../worker/child.${extension}`, here),
  };
}
