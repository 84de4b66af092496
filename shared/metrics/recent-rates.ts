import { type Meter, NO_RATES, type Rates } from './meter.ts';

/** How many marks are kept: the rates are over the time from the oldest. */
const MARKS = 20;

/** The rates of the last moments, for a display: call `next` at even intervals; the window is the last 20 of them. */
export class RecentRates {
  readonly #meter: Meter;
  readonly #marks: (() => Rates)[];

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#marks = [meter.mark()];
  }

  next(): Rates {
    const rates = this.#marks[0]?.() ?? NO_RATES;
    this.#marks.push(this.#meter.mark());
    if (this.#marks.length > MARKS) this.#marks.shift();
    return rates;
  }
}
