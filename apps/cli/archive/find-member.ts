import { nearest } from '../../../shared/config/words.ts';
import { UsageError } from '../../../shared/errors.ts';
import { escapeControls } from '../format/text.ts';

/** Names that are held to guess which was meant. */
const MAX_NAMES = 20_000;

/** Looks for names in an archive, and can say of one that is not there which was meant. */
export class NameSearch {
  readonly #path: string;
  readonly #missing: Set<string>;
  readonly #isIt: typeof isMeant;
  readonly #shown = new Set<string>();
  readonly #others: string[] = [];

  constructor(path: string, wanted: readonly string[], isIt: typeof isMeant) {
    this.#path = path;
    this.#missing = new Set(wanted);
    this.#isIt = isIt;
  }

  see(name: string): void {
    for (const wanted of this.#missing) {
      if (this.#isIt(wanted, name)) this.#missing.delete(wanted);
      else if (isShown(wanted, name, this.#isIt)) this.#shown.add(wanted);
    }
    if (this.#others.length < MAX_NAMES) this.#others.push(name);
  }

  /**
   * @returns those that no member has, but that are how `archive list` shows one
   * @throws UsageError where one was not seen
   */
  finish(): ReadonlySet<string> {
    const missing = [...this.#missing].find((wanted) => !this.#shown.has(wanted));
    if (missing === undefined) return this.#missing;
    const meant = nearest(missing, this.#others);
    throw new UsageError(`${escapeControls(this.#path)} has no member ${escapeControls(missing)}`, {
      code: 'archive.member',
      subject: missing,
      hint:
        meant === undefined
          ? '`wharfinger archive list` shows all it has'
          : `did you mean ${escapeControls(meant)}?`,
    });
  }
}

/** Whether a name that was asked for is what is shown of this one, which has a newline in it, say. */
export const isShown = (wanted: string, name: string, isIt: typeof isMeant): boolean =>
  wanted.includes('\\') && isIt(wanted, escapeControls(name));

/** Whether a member has the name that was asked for, with a slash at its end or without, or lies below it. */
export const isMeant = (wanted: string, name: string): boolean =>
  name === wanted || name.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`);
