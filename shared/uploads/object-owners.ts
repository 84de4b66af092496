import type { State } from '../state/open.ts';

/** Who writes which key of a bucket. Every method that writes is to be called inside a transaction. */
export class ObjectOwners {
  readonly #claim;
  readonly #owner;

  constructor(state: State) {
    this.#claim = state.prepare(
      'INSERT INTO object_owners (bucket_id, key, owner) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#owner = state
      .prepare<[number, string], string>('SELECT owner FROM object_owners WHERE bucket_id = ? AND key = ?')
      .pluck();
  }

  /** Takes a key for an owner, for ever. @returns false where it is another's */
  claim(bucketId: number, key: string, owner: string): boolean {
    this.#claim.run(bucketId, key, owner);
    return this.#owner.get(bucketId, key) === owner;
  }
}
