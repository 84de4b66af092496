import { test } from 'node:test';
import { UPLOAD_CRASH_POINTS } from '../../shared/crash-points.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { surviveAKillAt } from './uploads.ts';

const swift = swiftOfFile();

for (const point of UPLOAD_CRASH_POINTS) {
  test(`a worker killed at ${point} uploads each file once and whole`, needsSwift, (t) =>
    surviveAKillAt(t, swift(), point),
  );
}
