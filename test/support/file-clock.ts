import { rmSync, statSync, writeFileSync } from 'node:fs';

/** Returns when what is made or changed on this file system gets a later ctime than now: the kernel's clock for files moves at each tick only, some milliseconds apart. */
export function passATick(probe: string): void {
  const nowMs = Date.now();
  do writeFileSync(probe, '');
  while (statSync(probe).ctimeMs <= nowMs);
  rmSync(probe);
}
