import { assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { nodesIn } from '../../../src/core/calendar/calendar.ts';
import { check } from '../../../src/core/check.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Fact } from '../../../src/model/fact.ts';
import { parentOf, Path } from '../../../src/model/id.ts';
import { placeAround, standsIn } from '../../../src/model/standing.ts';
import { ask, take } from '../acts.ts';
import { demands, fleets, seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { observe, verdictAll, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';

function at(path: string): Path {
  return Path.parse(path);
}

describe('a node with a stated rack', () => {
  const node = { id: at('fra1/n1'), facts: { rack: at('fra1/h1/r1') } };
  test.each([
    ['fra1', true],
    ['fra1/h1', true],
    ['fra1/h1/r1', true],
    ['fra1/n1', true],
    ['fra1/h1/r11', false],
    ['fra1/h2', false],
    ['fra1/n1/gpu0', false],
    ['ams2', false],
  ])('stands in %s: %s', (place, expected) => {
    expect(standsIn(node, place)).toBe(expected);
  });

  test('no longer stands where its path says', () => {
    const moved = { id: at('fra1/h1/r1/n1'), facts: { rack: at('fra1/h1/r2') } };
    expect(
      ['fra1/h1', 'fra1/h1/r1', 'fra1/h1/r2', 'fra1/h1/r1/n1'].map((place) => standsIn(moved, place)),
    ).toEqual([true, false, true, true]);
    expect(placeAround(moved)).toBe('fra1/h1/r2');
  });

  test('keeps to its site: a rack elsewhere is none of its', () => {
    const elsewhere = observe(world('fra1/h1/r1 1×2 H100', 'ams2/h1/r1 1×2 H100'), [
      fact('node', 'fra1/n9', { rack: 'ams2/h1/r1', gpuModel: 'H100', gpuCount: 2 }),
    ]);
    expect(elsewhere.state.fleet.nodeById.get(at('fra1/n9'))).toMatchObject({
      rack: undefined,
      hall: undefined,
      facts: { gpuCount: 2 },
    });
    expect(nodesIn(elsewhere.state.fleet, at('ams2'))).toHaveLength(1);
  });
});

/** The same fleet with every node directly in its site, and its rack beside it. */
function flattened(before: World): World {
  const facts = [...before.state.claims.values()].flat().map((claim) => flatFact(claim.fact));
  const { tenants } = before.state;
  return observe({ ...world(), state: { ...world().state, tenants } }, facts);
}

function flatFact(said: Fact): Fact {
  if (said.kind !== 'node' && said.kind !== 'gpu') return said;
  const [site = '', ...inside] = said.subject.split('/');
  const device = said.kind === 'gpu' ? `/${inside.pop()}` : '';
  const subject = `${site}/${inside.join('-')}${device}`;
  const rack = said.kind === 'node' ? { rack: parentOf(said.subject) } : {};
  return fact(said.kind, subject, { ...said.set, ...rack });
}

/** What was decided, with the long paths of nodes in the flat words. */
function inFlatWords(value: object): string {
  return canonicalJson(value).replaceAll(
    /\b([a-z0-9]+)\/([a-z0-9]+(?:\/[a-z0-9]+)*\/n\d\d)\b/gu,
    (_, site, inside) => `${String(site)}/${String(inside).replaceAll('/', '-')}`,
  );
}

function decided(on: World, asked: Demand): object {
  const answer = ask(on, asked);
  return answer.kind === 'planned'
    ? { placement: answer.plan.placement, price: answer.plan.price }
    : { kind: answer.refusal.kind };
}

describe('plans are the same whether a path or a fact tells the rack', () => {
  const wishes = constantFrom<Partial<Demand>[]>(
    {},
    { where: [at('fra1/h1')] },
    { where: [at('fra1/h1/r1'), at('ams2')] },
    { avoid: [at('fra1/h1/r1')] },
    { avoid: [at('fra1/h2'), at('fra1/h1/r2')] },
  );

  test('on any fleet, for any demand', () => {
    assert(
      property(fleets, demands, demands, wishes, (lines, first, second, wish) => {
        const before = world(...lines);
        const isTaken = ask(before, first).kind === 'planned';
        const own = isTaken ? take(before, first) : before;
        const flat = isTaken ? take(flattened(before), first) : flattened(before);
        const asked = { ...second, ...wish };
        expect(inFlatWords(decided(flat, asked))).toBe(inFlatWords(decided(own, asked)));
      }),
      { seed, numRuns: 150 },
    );
  });
});

describe('the auditor goes by the stated rack too', () => {
  const base = observe(
    world('fra1/h1/r1 1×2 H100 gpuw400 basew400', 'fra1/h1/r2 1×2 H100 gpuw400 basew400', {
      halls: { 'fra1/h1': { powerBudgetW: 500 } },
    }),
    [fact('node', 'fra1/n9', { rack: 'fra1/h1/r2', shape: 'fra1-h1-r1-1' })],
  );
  const held = (line: string, more: object) => {
    const { state } = base;
    const asked = demand('1×2 H100 24h', more);
    return check(state, asked, verdictAll(state, 'allowed'), placement(24, line)).map(
      ({ constraint }) => constraint,
    );
  };

  test.each([
    ['inside the rack', { where: [at('fra1/h1/r2')] }, []],
    ['outside another', { where: [at('fra1/h1/r1')] }, ['where']],
    ['in a place to be avoided', { avoid: [at('fra1/h1/r2')] }, ['avoid']],
    ['in the hall around a rack to be avoided', { avoid: [at('fra1/h1')] }, ['avoid']],
  ])('%s', (_, more, expected) => {
    expect(
      held('train 0 fra1/n9 gpu0,1 1200W', more).filter((name) => name === 'where' || name === 'avoid'),
    ).toEqual(expected);
  });

  test('for the power of the hall around it', () => {
    expect(held('train 0 fra1/n9 gpu0,1 1200W', {})).toContain('hall-power');
  });
});
