/** Larger than most of what is kept, small enough to be let go of soon. */
const SLAB_BYTES = 64 * 1024;

/**
 * Copies of small byte strings that live long, side by side in memory of their own. What Node allocates for them lies in a pool among all
 * that is allocated meanwhile, and a hash of 32 bytes can so keep 64 KiB of contents alive.
 */
export class KeptBytes {
  #slab = Buffer.alloc(0);
  #filled = 0;

  /** A copy. It holds the others in its slab, and nothing else. */
  keep(bytes: Buffer): Buffer {
    if (bytes.length > this.#slab.length - this.#filled) {
      if (bytes.length > SLAB_BYTES / 4) return copyAlone(bytes);
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#filled = 0;
    }
    const kept = this.#slab.subarray(this.#filled, this.#filled + bytes.length);
    bytes.copy(kept);
    this.#filled += bytes.length;
    return kept;
  }
}

function copyAlone(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
