import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { denyWaiver, wishOf } from '../../../src/core/governance/waiver.ts';
import { emptyState, type State } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Command } from '../../../src/model/command.ts';
import { Path } from '../../../src/model/id.ts';
import type { PolicyVerdict, SiteVerdict } from '../../../src/model/policy.ts';
import { demand } from '../demand.ts';
import { t0, world } from '../fleet.ts';

const { archive } = world('fra1/h1/r1 1×1 H100');
const whose = demand('1×1 H100');
const actor = Actor.parse({ principal: 'person:ada' });
const acting = {
  actor,
  verdict: { policy: digestOf('x'), answer: 'allowed', hits: [], tier: 0, why: [] },
  signature: 'absent',
} as const;

function waiver(more: object = {}) {
  const command = Command.parse({ kind: 'waive-rules', rules: ['dora'], demand: whose, sites: [], ...more });
  if (command.kind !== 'waive-rules') throw new Error('it is one');
  return command;
}

function hit(rule: string, effect: 'forbid' | 'fact-missing' = 'forbid'): SiteVerdict['hits'][number] {
  return { rule, article: 'Art. 1', effect, why: 'it says so', fix: 'ask' };
}

/** Sites and the rules that close them, `b a` in the order in which they were found. */
function verdict(sites: Readonly<Record<string, readonly SiteVerdict['hits'][number][]>>): PolicyVerdict {
  const answers = Object.entries(sites).map(([site, hits]) => ({
    site: Path.parse(site),
    answer: hits.length === 0 ? ('allowed' as const) : ('forbidden' as const),
    hits: [...hits],
  }));
  return { policy: digestOf('rules'), packs: ['test/1'], sites: answers };
}

const two = verdict({
  fra1: [hit('b'), hit('a', 'forbid'), hit('a', 'fact-missing')],
  ams2: [hit('b')],
  iad3: [],
});

function deny(command = waiver(), state: State = emptyState) {
  return denyWaiver(state, { atMs: t0, archive, verdict: two, by: acting }, command);
}

/** What stands, and where: `a fact-missing: fra1`. */
function standing(more: object): { rules: string[]; open: readonly string[] } {
  const { decision } = deny(waiver(more));
  if (decision.kind !== 'refused' || decision.refusal.kind !== 'rules-stand') throw new Error('it is no');
  const { rules, open } = decision.refusal;
  return { rules: rules.map(({ rule, effect, sites }) => `${rule} ${effect}: ${sites.join(' ')}`), open };
}

/** Ada was told no so often a moment ago. */
const denied = (count: number, wish = digestOf('other')): State => ({
  ...emptyState,
  denials: Array.from({ length: count }, (_, seq) => ({ by: actor.principal, wish, atMs: t0 - 1, seq })),
});

const shuffled = (words: readonly string[]) => fc.shuffledSubarray([...words], { minLength: 3 });

describe('a wish that rules were set aside', () => {
  test('is refused with each rule that stands once, by its id, and the sites that are open', () => {
    expect(standing({})).toEqual({
      rules: ['a fact-missing: fra1', 'a forbid: fra1', 'b forbid: fra1 ams2'],
      open: ['iad3'],
    });
    expect(standing({ sites: ['ams2'] })).toEqual({ rules: ['b forbid: ams2'], open: [] });
    expect(standing({ sites: ['iad3'] })).toEqual({ rules: [], open: ['iad3'] });
    expect(standing({ demand: undefined })).toEqual({ rules: [], open: [] });
  });

  test('is an entry, unless nobody is known to ask, it is one already, or there were ten lately', () => {
    const entries = (state: State) => deny(waiver(), state).events.length;
    expect(deny().events).toEqual([{ kind: 'waiver-denied', wish: wishOf(waiver()) }]);
    expect(denyWaiver(emptyState, { atMs: t0, archive, verdict: two }, waiver()).events).toEqual([]);
    expect([entries(denied(1)), entries(denied(1, wishOf(waiver())))]).toEqual([1, 0]);
    expect([entries(denied(9)), entries(denied(10))]).toEqual([1, 0]);
    expect(() => denyWaiver(emptyState, { atMs: t0, archive }, waiver())).toThrow('needs the verdict');
  });

  test('is the same one in whatever order its rules and sites are named, and whenever it is for', () => {
    const rules = ['dora', 'gdpr', 'nis2'];
    const sites = ['ams2', 'fra1', 'iad3'];
    const same = wishOf(waiver({ rules, sites }));
    fc.assert(
      fc.property(shuffled(rules), shuffled(sites), fc.nat(9), (anyRules, anySites, later) => {
        const window = { earliestStartMs: t0 + later };
        const wish = waiver({ rules: anyRules, sites: anySites, demand: { ...whose, window } });
        expect(wishOf(wish)).toBe(same);
      }),
      { numRuns: 50, seed: 141 },
    );
    expect(wishOf(waiver({ rules, sites: sites.slice(1) }))).not.toBe(same);
    expect(wishOf(waiver({ rules: rules.slice(1), sites }))).not.toBe(same);
    expect(wishOf(waiver({ rules, sites, demand: { ...whose, tenant: 'globex' } }))).not.toBe(same);
  });
});
