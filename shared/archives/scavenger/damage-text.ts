import type { StagedDamage } from '../recovery/read-staged.ts';
import { escapeControls } from './escape-controls.ts';

/** More places than anyone reads; the file itself is kept. */
const MOST_LINES = 1000;

/** What is wrong in a staging archive: the first places, and how many there are. */
export type Damages = { places: StagedDamage[]; count: number };

export const noDamages = (): Damages => ({ places: [], count: 0 });

export function addDamage(damages: Damages, damage: StagedDamage): void {
  damages.count += 1;
  if (damages.places.length < MOST_LINES) damages.places.push(damage);
}

/** In one line: `a.zip/log.txt was cut (and 2 more places)`. */
export function damageSummary({ places: [first], count }: Damages): string {
  if (first === undefined) return 'nothing';
  return `${placeText(first)}${count > 1 ? `, and ${count - 1} more` : ''}`;
}

/** The text that lies beside a damaged staging archive. */
export const damageText = (file: string, damages: Damages): string =>
  [
    `${file} is a staging archive with something in it that is no whole member.`,
    'All members that are whole were collected; what follows was not, and can be deposited again:',
    '',
    ...damages.places.map((damage) => `- ${placeText(damage)}`),
    ...(damages.count > damages.places.length
      ? [`- and ${damages.count - damages.places.length} more places`]
      : []),
    '',
  ].join('\n');

const placeText = ({ offset, bytes, name, detail }: StagedDamage): string =>
  `${name === undefined ? 'something' : escapeControls(name)} ${detail} (${bytes} bytes at ${offset})`;
