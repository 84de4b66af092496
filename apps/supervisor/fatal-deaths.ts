import { EnvironmentError, EXIT, UsageError } from '../../shared/errors.ts';
import type { Role } from '../../shared/ipc/messages.ts';
import { type Death, describeDeath, type SupervisedChild } from './supervised-child.ts';

/** A child that dies this often for no reason that it can name has a defect that a further start will not mend. */
const ENOUGH_DEATHS = 5;

type Deaths = { count: number; last: Death };

/**
 * Judges which deaths end the program, where starting again and again would hide the reason.
 *
 * A role that has not begun its work: the reason a child gives (environment, usage) is final once all children of its role have
 * died of one, and so are repeated deaths without a reason. A role that has begun once is restarted for ever: what ends it then
 * may pass. But a `once` run has to end, so there repetition is final as well; not so the deaths of workers without a reason:
 * a file may be what kills them, and the queue bounds that by `--max-attempts`.
 */
export class FatalDeaths {
  readonly #once: boolean;
  readonly #deaths = new Map<SupervisedChild, Deaths>();
  readonly #begun = new Set<Role>();

  constructor(once: boolean) {
    this.#once = once;
  }

  /** A child of this role has begun its work. */
  begin(role: Role): void {
    this.#begun.add(role);
  }

  hasBegun(role: Role): boolean {
    return this.#begun.has(role);
  }

  /**
   * @param crew all children of the role
   * @returns the error that the program has to end with, if it has to
   */
  judge(child: SupervisedChild, death: Death, crew: readonly SupervisedChild[]): Error | undefined {
    this.#deaths.set(child, { count: (this.#deaths.get(child)?.count ?? 0) + 1, last: death });
    const isFinal = crew.every((one) => this.#isFinal(one.role, this.#deaths.get(one)));
    return isFinal ? reasonOf(child, death) : undefined;
  }

  #isFinal(role: Role, deaths: Deaths | undefined): boolean {
    if (deaths === undefined) return false;
    const isMany = deaths.count >= ENOUGH_DEATHS;
    if (!this.#begun.has(role)) return isMany || hasReason(deaths.last);
    return this.#once && isMany && (role === 'discoverer' || hasReason(deaths.last));
  }
}

/** Whether the machine or the options are why it ended, and not a defect. */
export const hasReason = ({ code }: Death): boolean => code === EXIT.environment || code === EXIT.usage;

function reasonOf({ name }: SupervisedChild, death: Death): Error {
  const { code, failure } = death;
  if (failure !== undefined) {
    const { message, hint, retryable } = failure;
    const details = { code: failure.code, retryable, ...(hint === undefined ? {} : { hint }) };
    return code === EXIT.usage ? new UsageError(message, details) : new EnvironmentError(message, details);
  }
  return new Error(
    `${name} dies again and again: the last one ${describeDeath(death)}; the log above says more`,
  );
}
