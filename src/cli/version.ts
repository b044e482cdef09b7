import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

/** The version of this package. */
export function version(): string {
  const text = readFileSync(fileURLToPath(import.meta.resolve('#package.json')), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
