import { closest, distance } from 'fastest-levenshtein';

/** `warning` for `warn` is no slip but another word for it; two letters are not enough to tell. */
const MIN_STEM = 3;

/** The longest value that is repeated in a message. */
const MAX_SHOWN = 60;

/** The known name that was probably meant; undefined where nothing is near enough to be worth guessing. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const word = name.toLowerCase();
  if (known.length === 0 || word === '') return undefined;
  const best = closest(word, known);
  // A third of the letters may be wrong: beyond that, a guess confuses more than it helps.
  if (distance(word, best) <= Math.max(1, Math.floor(best.length / 3)) || letters(word) === letters(best))
    return best;
  return word.length < MIN_STEM
    ? undefined
    : known.find((other) => other.startsWith(word) || word.startsWith(other));
}

/** Swapped letters, the commonest slip, count as two wrong ones. */
const letters = (word: string): string => [...word].toSorted().join('');

/** A password in an address. */
const SECRET = /(?<=:\/\/[^/@]*:)[^@]*(?=@)|(?<=[?&]password=)[^&]*/gi;

/** A value as a message repeats it: on one line, without a password, and not all of it when it is long. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = (JSON.stringify(value) ?? String(value)).replace(SECRET, '…');
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
