import { EnvironmentError, EXIT, UsageError } from '../../shared/errors.ts';
import { type Death, describeDeath, type SupervisedChild } from './supervised-child.ts';

/** A child that dies this often for no reason that it can name has a defect that a further start will not mend. */
const ENOUGH_DEATHS = 5;

type Deaths = { count: number; last: Death };

/**
 * Judges which deaths end the program, where starting again and again would hide the reason.
 *
 * Of children that stand in for one another, while none has begun its work: the reason a child gives (environment, usage) is final once
 * all of them have died of one, and so are repeated deaths without a reason. Once one has begun they are restarted for ever: what ends
 * them then may pass. Nobody stands in for a discoverer. But a `once` run has to end, so there repetition is final as well; not so the deaths of workers without a reason:
 * a file may be what kills them, and the queue bounds that by `--max-attempts`.
 */
export class FatalDeaths {
  readonly #once: boolean;
  readonly #deaths = new Map<SupervisedChild, Deaths>();
  readonly #begun = new Set<SupervisedChild>();
  #workerHasBegun = false;

  constructor(once: boolean) {
    this.#once = once;
  }

  /** A child has begun its work. */
  begin(child: SupervisedChild): void {
    this.#begun.add(child);
    this.#workerHasBegun ||= child.role === 'worker';
  }

  /** Whether it has, or one that stands in for it. */
  hasBegun(child: SupervisedChild): boolean {
    return child.role === 'worker' ? this.#workerHasBegun : this.#begun.has(child);
  }

  /**
   * @param crew the child, and those that stand in for it
   * @returns the error that the program has to end with, if it has to
   */
  judge(child: SupervisedChild, death: Death, crew: readonly SupervisedChild[]): Error | undefined {
    this.#deaths.set(child, { count: (this.#deaths.get(child)?.count ?? 0) + 1, last: death });
    const isFinal = crew.every((one) => this.#isFinal(one, this.#deaths.get(one)));
    return isFinal ? reasonOf(child, death) : undefined;
  }

  #isFinal(child: SupervisedChild, deaths: Deaths | undefined): boolean {
    if (deaths === undefined) return false;
    const isMany = deaths.count >= ENOUGH_DEATHS;
    if (!this.hasBegun(child)) return isMany || hasReason(deaths.last);
    return this.#once && isMany && (child.role === 'discoverer' || hasReason(deaths.last));
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
