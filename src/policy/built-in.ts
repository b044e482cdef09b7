import { loadPacks, type Packs } from './pack-set.ts';
import compiled from './packs/compiled.json' with { type: 'json' };

let loaded: Packs | undefined;

/** The rule packs of this version, loaded when they are first asked. */
export function builtInPacks(): Packs {
  const json: unknown = compiled;
  loaded ??= loadPacks(json);
  return loaded;
}
