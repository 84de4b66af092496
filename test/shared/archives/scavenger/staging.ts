import type { Staging } from '../../../../shared/archives/scavenger/collected.ts';
import { noDamages } from '../../../../shared/archives/scavenger/damage-text.ts';

/** A staging archive that is only a name. */
export function staging(file = 'made-up.zip'): Staging {
  const name = {
    host: 'quay',
    identity: '01234567',
    pid: 1,
    pidStart: '1',
    random: '0123456789abcdef',
    state: 'closed',
    turn: 0,
  } as const;
  const facts = { ino: 1n, size: 1n, mtimeNs: 1n };
  return { file, name, facts, damages: noDamages(), members: 0, isPlausible: true, isKept: false };
}
