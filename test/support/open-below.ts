import { readdirSync, readlinkSync } from 'node:fs';

/** Descriptors of this process below a directory. */
export function openBelow(directory: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
    } catch {
      // That of the look itself.
      return false;
    }
  }).length;
}
