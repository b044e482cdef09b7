import type { RuleHit } from '../../model/policy.ts';
import { columnsOf, cut, type Line, type Room, span, type Tone, wrap } from './line.ts';

/** A rule that bit, with every site where it did, and for what reasons. */
type RuleGroup = RuleHit & { readonly sites: readonly string[]; readonly whys: readonly string[] };

/** What a rule does to a site, in a word. */
export type Verb = 'forbids' | 'a fact is missing' | 'points out';

/** No more rules than a person reads at once, where the rest can be asked for. */
const mostRules = 6;

/**
 * The rules that bit: each with its article, the sites it bites, and what would change that. Whole also why and by
 * which facts; folded the rules after the sixth are only named.
 */
export function ruleLines(hits: readonly Hit[], verb: VerbOf, room: Room): Line[] {
  const groups = grouped(hits);
  if (room.folded !== true) return groups.flatMap((group) => wholeRule(group, verb(group), room));
  const shown = groups.slice(0, mostRules);
  const rest = groups.slice(mostRules).map(({ rule }) => rule);
  return [
    ...shown.flatMap((group) => foldedRule(group, verb(group), room)),
    ...(rest.length === 0 ? [] : wrap([span(`  and ${rest.join(', ')}`, 'dim')], columnsOf(room), 4)),
  ];
}

type Hit = RuleHit & { readonly site?: string };
type VerbOf = (hit: RuleHit) => Verb;

/** The rules that closed other sites than the one that is offered: whole also why, and never what would open them. */
export function closedLines(hits: readonly Hit[], room: Room): Line[] {
  return grouped(hits).flatMap((group) => [
    ...ruleHead(group, verbOf(group), room),
    ...(room.folded === true ? [] : group.whys.flatMap((why) => detail(`because ${why}`, room))),
  ]);
}

/** A forbidding rule forbids, one without its facts says so. */
export function verbOf({ effect }: RuleHit): Verb {
  return effect === 'forbid' ? 'forbids' : 'a fact is missing';
}

/** One group for each rule, however many sites it bites: a person has to answer a rule, not a list of sites. */
function grouped(hits: readonly Hit[]): RuleGroup[] {
  return [...Map.groupBy(hits, ({ rule, effect }) => `${effect} ${rule}`).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const facts = same.flatMap((hit) => hit.facts ?? []);
    const known = new Map(facts.map((fact) => [`${fact.fact} ${fact.source}`, fact]));
    return [
      {
        ...first,
        sites: [...new Set(same.flatMap(({ site }) => site ?? []))],
        whys: [...new Set(same.map(({ why }) => why))],
        facts: [...known.values()],
      },
    ];
  });
}

function foldedRule(group: RuleGroup, verb: Verb, room: Room): Line[] {
  return [...ruleHead(group, verb, room), [span(cut(`    fix: ${group.fix}`, columnsOf(room)), 'dim')]];
}

function wholeRule(group: RuleGroup, verb: Verb, room: Room): Line[] {
  const { whys, fix, facts = [] } = group;
  const details = [
    ...whys.map((why) => `because ${why}`),
    ...facts.map(({ fact, source }) => `${fact}: ${source}`),
    `fix: ${fix}`,
  ];
  return [...ruleHead(group, verb, room), ...details.flatMap((text) => detail(text, room))];
}

function detail(text: string, room: Room): Line[] {
  return wrap([span(`    ${text}`)], columnsOf(room), 6);
}

/** `gdpr-44-eea (GDPR Art. 44) forbids: iad3`. */
function ruleHead({ rule, article, sites }: RuleGroup, verb: Verb, room: Room): Line[] {
  const where = sites.length === 0 ? [] : [span(': '), span(sites.join(', '), 'strong')];
  const head = [{ text: '  ' }, span(rule, toneOf(verb)), span(` (${article}) ${verb}`), ...where];
  return wrap(head, columnsOf(room), 4);
}

function toneOf(verb: Verb): Tone {
  return verb === 'forbids' ? 'bad' : 'warn';
}
