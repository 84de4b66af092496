import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { Contents } from '../../../../shared/ledger/contents/contents.ts';
import { type Decision, Ledger } from '../../../../shared/ledger/ledger.ts';
import { openState, type State } from '../../../../shared/state/open.ts';
import { writeTransaction } from '../../../../shared/state/transaction.ts';
import { decision, emptyState } from '../fixture.ts';

export type Process = { state: State; ledger: Ledger };

/** Several processes on one state file, that fold so many rows at a time. */
export function processes(t: TestContext, count: number, rows: number): [Process, ...Process[]] {
  const first = emptyState(t);
  const others = Array.from({ length: count - 1 }, () => {
    const state = openState(first.name);
    t.after(() => state.close());
    return state;
  });
  return [processOn(first, rows), ...others.map((state) => processOn(state, rows))];
}

/** One that has just begun, and knows nothing yet. */
export const processOn = (state: State, rows: number): Process => ({
  state,
  ledger: new Ledger(state, new Contents(state, () => rows)),
});

/** Decides many in one transaction, as a worker does, and those that are missing one by one. @returns their ids, or what is in the way */
export function decideIn({ state, ledger }: Process, made: readonly Decision[]): (number | string)[] {
  return writeTransaction(state, () => {
    const ids = ledger.decideAll(made);
    return made.map((one) => {
      const id = ids.get(one.jobId);
      if (id !== undefined) return id;
      const again = ledger.decide(one);
      return 'id' in again ? again.id : again.conflict.with;
    });
  });
}

/** The same, and then the transaction fails. */
export function takeBack({ state, ledger }: Process, made: readonly Decision[]): void {
  const why = new Error('taken back');
  const fails = () =>
    writeTransaction(state, () => {
      ledger.decideAll(made);
      for (const one of made) ledger.decide(one);
      throw why;
    });
  assert.throws(fails, (error) => error === why);
}

type Begin = {
  do: 'decide' | 'take back';
  process: number;
  contents: readonly number[];
  scope: 0 | null;
};
type End = { do: 'commit' | 'withdraw'; process: number; nth: number };
export type Step = Begin | End | { do: 'fold'; process: number };

const CONTENTS = 40;

/** Of so many processes. */
export function anyStep(count: number): fc.Arbitrary<Step> {
  const process = fc.nat(count - 1);
  const decide = fc.record({
    do: fc.constantFrom('decide', 'take back'),
    process,
    contents: fc.array(fc.nat(CONTENTS - 1), { minLength: 1, maxLength: 6 }),
    scope: fc.constantFrom(0, null),
  });
  const end = fc.record({ do: fc.constantFrom('commit', 'withdraw'), process, nth: fc.nat(20) });
  const fold = fc.record({ do: fc.constant('fold' as const), process });
  return fc.oneof(
    { weight: 3, arbitrary: decide },
    { weight: 3, arbitrary: end },
    { weight: 1, arbitrary: fold },
  );
}

type Held = { id: number; content: number; scope: 0 | null };

/** Plays steps, beside a map of what must be known by then. */
export class Play {
  readonly #all: readonly Process[];
  readonly #known = new Map<number, { id: number; state: 'committed' | 'in-flight' }>();
  readonly #inFlight: Held[] = [];
  #jobId = 0;

  constructor(all: readonly Process[]) {
    this.#all = all;
  }

  do(step: Step): void {
    const process = this.#all[step.process] as Process;
    if (step.do === 'fold') process.ledger.foldContents();
    else if ('nth' in step) this.#end(process, step);
    else if (step.do === 'take back') takeBack(process, this.#made(step));
    else this.#decide(process, step);
  }

  #made({ contents, scope }: Begin): Decision[] {
    return contents.map((content) => {
      this.#jobId += 1;
      return decision(this.#jobId, `${content}`, { scope });
    });
  }

  #decide(process: Process, step: Begin): void {
    for (const [n, answer] of decideIn(process, this.#made(step)).entries()) {
      const content = step.contents[n] ?? 0;
      const holder = step.scope === null ? undefined : this.#known.get(content);
      assert.equal(typeof answer === 'number' ? undefined : answer, holder?.state);
      if (typeof answer !== 'number') continue;
      this.#inFlight.push({ id: answer, content, scope: step.scope });
      if (step.scope !== null) this.#known.set(content, { id: answer, state: 'in-flight' });
    }
  }

  #end({ state, ledger }: Process, step: End): void {
    const [row] = this.#inFlight.splice(step.nth % Math.max(1, this.#inFlight.length), 1);
    if (row === undefined) return;
    const { id, content, scope } = row;
    writeTransaction(state, () => (step.do === 'commit' ? ledger.commit(id, 5) : ledger.withdraw(id)));
    if (scope === null) return;
    if (step.do === 'commit') this.#known.set(content, { id, state: 'committed' });
    else this.#known.delete(content);
  }

  /** Each process finds each content that is known, and no other. */
  check(): void {
    for (const { ledger } of this.#all) {
      for (let content = 0; content < CONTENTS; content++) {
        const sha256 = createHash('sha256').update(`${content}`).digest();
        assert.equal(ledger.idOf(0, sha256), this.#known.get(content)?.id);
      }
    }
  }
}
