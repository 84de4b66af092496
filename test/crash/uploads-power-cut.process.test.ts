import { test } from 'node:test';
import { swiftOfFile } from '../support/object-store/swift.ts';
import { needs, surviveAPowerCutAt } from './uploads-power-cut.ts';

const swift = swiftOfFile();

for (const point of ['upload.concluded'] as const) {
  test(`a power cut at ${point} leaves each file in one place, and its object whole`, needs, (t) =>
    surviveAPowerCutAt(t, swift(), point),
  );
}
