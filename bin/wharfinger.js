#!/usr/bin/env node
// Written for any Node, however old, so that one which is too old gets a line that helps instead of a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  import('./run.js');
} else {
  process.stderr.write(
    'wharfinger: Node ' +
      process.versions.node +
      ' is too old, 22.18 or newer is needed; run it as `npx wharfinger` or `npm start`, which bring their own, or install a newer Node\n',
  );
  process.exitCode = 5;
}
