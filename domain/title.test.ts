import { expect, test } from 'vitest';
import { titleOf } from './title.ts';

test.each([
  ['echo hi', 'echo hi'],
  ['#!/bin/bash\nset -euo pipefail\n\n# Build it\nmake', 'Build it'],
  ['set -e\r\n  npm test\r\n', 'npm test'],
  ['set -e', 'set -e'],
  ['\n \n', 'Untitled'],
  ['🏃'.repeat(100), `${'🏃'.repeat(79)}…`],
])('%j is titled %j', (text, title) => expect(titleOf(text)).toBe(title));
