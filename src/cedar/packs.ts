import { z } from 'zod';

import { compareText } from '../model/text.ts';
import { CountryLists, type PackSet } from '../policy/pack-set.ts';
import { readerVersion } from '../policy/version.ts';
import { type CompiledText, compileText, faultsOf, PolicyTextError, schemaJson } from './compile.ts';

/** The texts that rule packs are made from. */
export type PackSources = {
  readonly schema: string;
  readonly countries: unknown;
  /** Pack files in any order. */
  readonly packs: readonly string[];
};

/** Compiles and validates rule packs. Throws `PolicyTextError` with everything that the validator has against them. */
export async function compilePacks({ schema, countries, packs }: PackSources): Promise<PackSet> {
  const compiled = await Promise.all(packs.map(compilePack));
  const texts = Object.fromEntries(compiled.flatMap(({ rules }) => rules.map(({ id, text }) => [id, text])));
  const faults = await faultsOf(texts, schema);
  if (faults.length > 0) throw new PolicyTextError(faults.join('\n'));
  return {
    schema: 'berth/packs/1',
    engine: 'cedar-wasm 4.13.0',
    reader: readerVersion,
    cedarSchema: schema,
    packs: compiled.toSorted((a, b) => compareText(a.name, b.name)),
    actions: actionsOf(await schemaJson(schema)),
    countries: CountryLists.parse(countries),
  };
}

async function compilePack(text: string): Promise<PackSet['packs'][number]> {
  const rules: readonly CompiledText[] = await compileText(text);
  return {
    name: headOf(text, 'pack'),
    reviewed: headOf(text, 'reviewed'),
    sources: headOf(text, 'sources'),
    status: headOf(text, 'status'),
    rules: rules.map(({ id, text: own, policy }) => ({ id, text: own, policy })),
  };
}

/** What a pack says about itself in its first lines: `// reviewed: …`. */
function headOf(text: string, key: string): string {
  const found = new RegExp(`^// ${key}: (.+)$`, 'm').exec(text)?.[1];
  if (found === undefined) throw new PolicyTextError(`a pack says \`// ${key}: …\` in its first lines`);
  return found;
}

const Namespace = z.object({
  actions: z.record(
    z.string(),
    z.object({
      appliesTo: z.object({ principalTypes: z.array(z.string()), resourceTypes: z.array(z.string()) }),
    }),
  ),
});

type Takes = PackSet['actions'][string];

/** Which principals and resources each action takes. */
function actionsOf(schema: Readonly<Record<string, unknown>>): PackSet['actions'] {
  const entries = Object.entries(schema).flatMap(([space, json]) =>
    Object.entries(Namespace.parse(json).actions).map(([name, { appliesTo }]): [string, Takes] => [
      name,
      {
        principals: appliesTo.principalTypes.map((type) => `${space}::${type}`),
        resources: appliesTo.resourceTypes.map((type) => `${space}::${type}`),
      },
    ]),
  );
  return Object.fromEntries(entries);
}
