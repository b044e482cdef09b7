import { z } from 'zod';

import { digestOf } from '../model/canonical.ts';
import { dayNamed } from '../model/day.ts';
import type { Digest } from '../model/id.ts';
import { compareText } from '../model/text.ts';
import { PolicyLoadError } from './cedar/expression.ts';
import { type CompiledPolicy, compilePolicy } from './cedar/policy.ts';

const line = z.string().min(1).max(1000);
const Day = z.string().refine((text) => dayNamed(text) !== undefined, 'a day such as 2026-11-22');

const CountryList = z.strictObject({
  source: line,
  reviewed: Day,
  members: z
    .array(z.strictObject({ countries: z.array(z.string()), validFrom: Day, validUntil: Day.optional() }))
    .max(200),
});

/** Lists of countries that rules name, each with the days on which it holds. */
export const CountryLists = z.strictObject({
  eu: CountryList,
  eea: CountryList,
  adequate: CountryList,
  adequateCertified: CountryList,
  armsEmbargoed: CountryList,
});
export type CountryLists = z.infer<typeof CountryLists>;

/** Rule packs as they are compiled and kept: text, Cedar's JSON of it, and what else rules read. */
export const PackSet = z.strictObject({
  schema: z.literal('berth/packs/1'),
  engine: line,
  /** The version of the code that reads them. */
  reader: z.string().regex(/^policy\/[0-9]{1,6}$/),
  /** The schema that the packs were validated with, as text. */
  cedarSchema: z.string().max(65_536),
  packs: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]{1,40}\/[0-9]{1,4}$/),
        reviewed: line,
        sources: line,
        status: line,
        rules: z.array(z.strictObject({ id: z.string(), text: z.string(), policy: z.unknown() })).max(200),
      }),
    )
    .max(64),
  /** Principals and resources that each action takes, from the schema. */
  actions: z.record(
    z.string(),
    z.strictObject({ principals: z.array(z.string()), resources: z.array(z.string()) }),
  ),
  countries: CountryLists,
});
export type PackSet = z.infer<typeof PackSet>;

/** A rule with what its annotations say. */
export type Rule = {
  readonly policy: CompiledPolicy;
  readonly id: string;
  readonly text: string;
  readonly pack: string;
  /** Its number in the table it comes from, such as `G1`. */
  readonly rule: string;
  readonly article: string;
  /** Facts it reads: `site.country`. */
  readonly needs: readonly string[];
  readonly why: string;
  readonly fix: string;
  /** In force from this day on, and before that one. */
  readonly fromDay: number;
  readonly untilDay: number | undefined;
  readonly reviewed: string;
  /** `flag` only points out. */
  readonly level: 'binding' | 'flag';
  readonly override: 'second-person' | 'never';
  /** Raises the tier of an action instead of forbidding it. */
  readonly tier: number | undefined;
  /** Rules of the second pass know how many sites the first one allows. */
  readonly pass: 1 | 2;
};

export type LoadedPack = {
  readonly name: string;
  readonly reviewed: string;
  readonly sources: string;
  readonly status: string;
  readonly rules: readonly Rule[];
};

/** Rule packs, ready to be asked. */
export type Packs = {
  readonly digest: Digest;
  readonly set: PackSet;
  readonly packs: readonly LoadedPack[];
  readonly rules: readonly Rule[];
};

/**
 * Loads rule packs from plain JSON. Throws `PolicyLoadError` for anything that is not understood whole: an operator
 * that is not supported, an annotation that is missing, an id that is there twice.
 */
export function loadPacks(json: unknown): Packs {
  const parsed = PackSet.safeParse(json);
  if (!parsed.success) throw new PolicyLoadError(`no rule packs: ${parsed.error.issues[0]?.message ?? ''}`);
  const set = parsed.data;
  const packs = set.packs.map((pack) => ({
    ...pack,
    rules: pack.rules.map((rule) => ruleOf(rule, pack.name)),
  }));
  const rules = packs.flatMap((pack) => pack.rules).toSorted((a, b) => compareText(a.id, b.id));
  const twice = rules.find(({ id }, at) => rules[at + 1]?.id === id);
  if (twice !== undefined) throw new PolicyLoadError(`the rule \`${twice.id}\` is there twice`);
  return { digest: digestOf(set), set, packs, rules };
}

/** Rules that are in force on some day of a span, the last one included. */
export function inForce(rules: readonly Rule[], fromDay: number, lastDay: number): readonly Rule[] {
  return rules.filter((rule) => rule.fromDay <= lastDay && (rule.untilDay ?? Infinity) > fromDay);
}

/** Countries that a list names on both days. */
export function countriesOn(
  list: CountryLists[keyof CountryLists],
  days: readonly number[],
): readonly string[] {
  const named = (day: number) =>
    list.members
      .filter(({ validFrom, validUntil }) => isWithin(day, validFrom, validUntil))
      .flatMap(({ countries }) => countries);
  const [first = [], ...others] = days.map(named);
  return first.filter((country) => others.every((other) => other.includes(country)));
}

function isWithin(day: number, validFrom: string, validUntil: string | undefined): boolean {
  return (
    (dayNamed(validFrom) ?? Infinity) <= day &&
    (validUntil === undefined || (dayNamed(validUntil) ?? 0) > day)
  );
}

function ruleOf({ id, text, policy: json }: PackSet['packs'][number]['rules'][number], pack: string): Rule {
  const policy = compilePolicy(id, json);
  const said = (name: string) => policy.annotations.get(name);
  const isPermit = policy.effect === 'permit';
  const must = (name: string) => {
    const words = said(name);
    if (words === undefined && !isPermit) throw new PolicyLoadError(`the rule \`${id}\` has no \`@${name}\``);
    return words ?? '';
  };
  if (said('id') !== id) throw new PolicyLoadError(`the rule \`${id}\` calls itself \`${said('id') ?? ''}\``);
  return {
    policy,
    id,
    text,
    pack,
    rule: must('rule'),
    article: must('article'),
    needs: must('needs')
      .split(/,\s*/)
      .filter((name) => name !== ''),
    why: must('why'),
    fix: must('fix'),
    fromDay: isPermit && said('validFrom') === undefined ? -Infinity : dayIn(id, must('validFrom')),
    untilDay: said('validUntil') === undefined ? undefined : dayIn(id, must('validUntil')),
    reviewed: must('reviewed'),
    level: oneOf(id, said('level') ?? 'binding', ['binding', 'flag'] as const),
    override: oneOf(id, said('override') ?? 'second-person', ['second-person', 'never'] as const),
    tier:
      said('tier') === undefined ? undefined : Number(oneOf(id, must('tier'), ['1', '2', '3', '4'] as const)),
    pass: said('pass') === '2' ? 2 : 1,
  };
}

function dayIn(id: string, text: string): number {
  const day = dayNamed(text);
  if (day === undefined) throw new PolicyLoadError(`the rule \`${id}\` has \`${text}\` for a day`);
  return day;
}

function oneOf<T extends string>(id: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined)
    throw new PolicyLoadError(`the rule \`${id}\` says \`${text}\`, not ${allowed.join(' or ')}`);
  return found;
}
