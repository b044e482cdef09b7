import type { Scope } from '../tool.ts';

/** Every scope, and those that it includes. */
const includes: Readonly<Record<Scope, readonly Scope[]>> = {
  'berth:read': [],
  'berth:plan': ['berth:read'],
  'berth:contract': ['berth:plan', 'berth:read'],
  'berth:operate': ['berth:plan', 'berth:read'],
  'berth:audit': ['berth:read'],
};

export const allScopes: readonly Scope[] = scopesIn(Object.keys(includes));

/** The scopes that words of a token give. Words that we do not know give nothing, `berth:approve` among them. */
export function scopesOf(words: readonly string[]): ReadonlySet<Scope> {
  return new Set(scopesIn(words).flatMap((scope) => [scope, ...includes[scope]]));
}

function scopesIn(words: readonly string[]): Scope[] {
  return words.filter((word): word is Scope => Object.hasOwn(includes, word));
}
