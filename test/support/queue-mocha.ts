import { afterEach, beforeEach, describe, it } from 'node:test';

type Done = (error?: unknown) => void;
type Body = (this: object, done: Done) => void;

/**
 * Gives suites that were written for mocha what they expect: the four globals on top of node:test, one `this` that a suite's
 * hooks and tests share, and `done` for those that take it.
 */
export function provideMochaGlobals(): void {
  let suite = {};
  const adapt = (body: Body) => {
    const shared = suite;
    if (body.length === 0) return () => body.call(shared, () => undefined);
    return (_context: unknown, done: Done) => body.call(shared, done);
  };
  Object.assign(globalThis, {
    describe: (name: string, body: () => void) =>
      describe(name, () => {
        suite = {};
        body();
      }),
    it: (name: string, body: Body) => it(name, adapt(body)),
    beforeEach: (body: Body) => beforeEach(adapt(body)),
    afterEach: (body: Body) => afterEach(adapt(body)),
  });
}
