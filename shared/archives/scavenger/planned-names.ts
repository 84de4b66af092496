import { EnvironmentError } from '../../errors.ts';
import { keyOf, type NameKey } from '../volumes/name-key.ts';
import { candidateAt } from '../volumes/version-name.ts';
import type { CollectedList } from './collected.ts';

/**
 * The names that members are to be stored under, one tried after the other, and who has which: as numbers, since a string and an entry of a map
 * for each would outlive the work on them.
 */
export class PlannedNames {
  readonly #members: CollectedList;
  readonly #levels: Uint8Array;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  /** A hash table by the keys of names, half empty: the number of a member and one, or 0. */
  readonly #holders: Uint32Array;

  constructor(members: CollectedList) {
    this.#members = members;
    this.#levels = new Uint8Array(members.length);
    this.#high = new Uint32Array(members.length);
    this.#low = new Uint32Array(members.length);
    this.#holders = new Uint32Array(2 ** Math.ceil(Math.log2(2 * members.length + 2)));
  }

  /** How many may get one. */
  get members(): number {
    return this.#members.length;
  }

  /**
   * @param level see `candidateAt`; of one that has a name already it changes no more
   * @throws EnvironmentError `archive.name-taken` where there is no such level
   */
  tryLevel(index: number, level: number): void {
    this.#levels[index] = level;
    const { high, low } = keyOf(this.nameOf(index));
    this.#high[index] = high;
    this.#low[index] = low;
  }

  nameOf(index: number): string {
    const level = this.#levels[index] ?? 0;
    const own = this.#members.nameOf(index);
    if (level === 0) return own;
    const name = candidateAt(own, this.#members.at(index).member.sha256, level);
    if (name === undefined) throw nameTaken(own);
    return name;
  }

  isVersion(index: number): boolean {
    return (this.#levels[index] ?? 0) > 0;
  }

  keyOf(index: number): NameKey {
    return { high: this.#high[index] ?? 0, low: this.#low[index] ?? 0 };
  }

  /** Less than 0 where the key of `a` is before that of `b`. */
  compareKeys(a: number, b: number): number {
    return (this.#high[a] ?? 0) - (this.#high[b] ?? 0) || (this.#low[a] ?? 0) - (this.#low[b] ?? 0);
  }

  /** The member that has taken the name that this one tries. */
  holderOf(index: number): number | undefined {
    const held = this.#holders[this.#slotFor(index)] ?? 0;
    return held === 0 ? undefined : held - 1;
  }

  /** The name that it tries is its own from now on; nobody has it yet. */
  take(index: number): void {
    this.#holders[this.#slotFor(index)] = index + 1;
  }

  /** Where the name stands, or would. */
  #slotFor(index: number): number {
    const mask = this.#holders.length - 1;
    for (let slot = (this.#low[index] ?? 0) & mask; ; slot = (slot + 1) & mask) {
      const held = this.#holders[slot] ?? 0;
      if (held === 0 || this.#isSameName(held - 1, index)) return slot;
    }
  }

  #isSameName(a: number, b: number): boolean {
    return this.compareKeys(a, b) === 0 && this.nameOf(a) === this.nameOf(b);
  }
}

const nameTaken = (member: string): EnvironmentError =>
  new EnvironmentError(`every name that ${member} could be stored under is taken`, {
    code: 'archive.name-taken',
    subject: member,
    hint: 'somebody has named members after the hashes of others: take those out of the archive',
  });
