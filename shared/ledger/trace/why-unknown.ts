import { type BytePath, basename, isWithin, relativeTo, toText } from '../../fs/byte-path.ts';
import { exclusionOf } from '../../fs/excluded.ts';
import { lstatIfSeen } from '../../fs/lstat.ts';
import { Routes } from '../../queue/routes.ts';
import type { State } from '../../state/open.ts';
import { scannedStores } from '../../tables/watched-inputs.ts';
import type { Subject } from './subject.ts';
import type { Trace } from './trace.ts';

/** Why nothing is known of what was asked about, as far as the state file can say. */
export function whyUnknown(state: State, subject: Subject, { found }: Trace): string {
  if ('sha256' in subject) return 'no content with this SHA-256 was taken';
  const { path } = subject;
  const route = new Routes(state).all().find(({ input }) => isWithin(input, path));
  switch (found?.kind) {
    case 'unreadable':
      return `it cannot be read: ${found.why}`;
    case 'directory':
      return 'it is a directory';
    case 'other':
      return 'it is not a regular file; such are never taken';
    case 'file':
      return route === undefined ? whyNotScanned(state, path) : whyNotSeen(route.input, path);
    default:
      if (archiveAt(path) !== undefined)
        return 'no file that was taken is in this archive under that name; `archive list` shows all that is';
      return 'there is no such file, and none of this name was ever taken';
  }
}

/** The zip file that the path leads into, where there is one. */
function archiveAt(path: BytePath): BytePath | undefined {
  const [archive] = /^.*?\.zip(?=\/)/is.exec(path) ?? [];
  return archive !== undefined && lstatIfSeen(archive as BytePath)?.isFile()
    ? (archive as BytePath)
    : undefined;
}

function whyNotSeen(input: BytePath, path: BytePath): string {
  const excluded = exclusionOf(relativeTo(input, path));
  if (excluded !== undefined) return `${toText(basename(path))} is never taken: ${excluded}`;
  return 'no scan has met it yet, or the filters of its route leave it out';
}

function whyNotScanned(state: State, path: BytePath): string {
  const store = scannedStores(state).find(({ input }) => isWithin(input, path));
  if (store === undefined) return 'it lies in no input directory';
  const excluded = exclusionOf(relativeTo(store.input, path));
  if (excluded !== undefined) return `${toText(basename(path))} is never taken: ${excluded}`;
  return 'no scan of its store has taken it: it was not complete, is from before the first scan, or is left out by --include or --exclude';
}
