import { globSync, readFileSync, writeFileSync } from 'node:fs';

import { compilePacks } from '../../src/cedar/packs.ts';
import { canonicalJson } from '../../src/model/canonical.ts';
import type { PackSet } from '../../src/policy/pack-set.ts';

/** `node test/policy/compile-packs.ts` (npm run packs) writes what a test compares with the `.cedar` texts. */
export const compiledFile = 'src/policy/packs/compiled.json';

export async function compileFromTexts(): Promise<PackSet> {
  const countries: unknown = JSON.parse(readFileSync('src/policy/packs/countries.json', 'utf8'));
  return compilePacks({
    schema: readFileSync('src/policy/schema.cedarschema', 'utf8'),
    countries,
    packs: globSync('src/policy/packs/*.cedar')
      .toSorted()
      .map((file) => readFileSync(file, 'utf8')),
  });
}

if (import.meta.main) writeFileSync(compiledFile, `${canonicalJson(await compileFromTexts())}\n`);
