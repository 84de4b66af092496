const LEAST = 16;
const NONE = new Float64Array(0);

/** Numbers one behind the other, outside of the heap: eight bytes for each, and no more than one object. */
export class NumberList {
  #numbers = NONE;
  #length = 0;

  push(number: number): void {
    if (this.#length === this.#numbers.length) this.#grow();
    this.#numbers[this.#length] = number;
    this.#length += 1;
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** @throws RangeError where there is none */
  at(index: number): number {
    const number = index < this.#length ? this.#numbers[index] : undefined;
    if (number === undefined) throw new RangeError(`there is no number ${index}`);
    return number;
  }

  /** All of them: not a copy, and good until the next is added. */
  get values(): Float64Array {
    return this.#numbers.subarray(0, this.#length);
  }

  #grow(): void {
    const larger = new Float64Array(Math.max(LEAST, 2 * this.#length));
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}
