import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, test } from 'vitest';

import { playSession } from './run-session.ts';

/** The README is a session too: what its first screen shows is what a newcomer sees. */
const documents = ['README.md', ...globSync('test/sessions/*.md').toSorted()];

describe('documents execute', () => {
  test.each(documents)(
    '%s',
    async (file) => {
      await expect(await playSession(readFileSync(file, 'utf8'))).toMatchFileSnapshot(resolve(file));
    },
    60_000,
  );
});
