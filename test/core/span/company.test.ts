import { describe, expect, test } from 'vitest';

import { demandAt, demandOf } from '../../../src/core/place/span/company.ts';
import { companiesOf, type Demand, maySpan } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';

const flow = (from: string, to: string) => ({ from, to, mbps: 1 });

/** Of a demand what concerns the parts that are named. */
function of(asked: Demand, ...names: readonly string[]): Demand {
  return demandOf(
    asked,
    asked.parts.filter(({ name }) => names.includes(name)),
  );
}

describe('who stands at one site', () => {
  test.each<[string, string, object, readonly string[]]>([
    ['all, where nobody says anything', 'a: 1×1 + b: 1×1', {}, ['a b']],
    ['who says where is alone', 'a: 1×1 at:x + b: 1×1 + c: 1×1', {}, ['a', 'b c']],
    ['in the order of the demand', 'b: 1×1 + a: 1×1 kind:edge + c: 1×1', {}, ['b c', 'a']],
    ['two who say the same are still two', 'a: 1×1 at:x + b: 1×1 at:x', {}, ['a', 'b']],
    ['all, where they are to be together', 'a: 1×1 at:x + b: 1×1', { together: 'rack' }, ['a b']],
  ])('%s', (_, text, more, companies) => {
    const asked = demand(text, more);
    expect(companiesOf(asked).map((parts) => parts.map(({ name }) => name).join(' '))).toEqual(companies);
    expect(maySpan(asked)).toBe(companies.length > 1);
  });

  test('who asks for users to be near is alone', () => {
    const near = demand('a: 1×1 + b: 1×1').parts.map((part) =>
      part.name === 'a' ? part : { ...part, latencyMsByRegion: { munich: 5 } },
    );
    expect(companiesOf({ parts: near })).toHaveLength(2);
  });
});

describe('what of a demand concerns some of its parts', () => {
  const asked = demand('a: 2×1 at:x + b: 3×1 at:y + c: 1×cpu1 at:z 4h', {
    dataset: 'corpus',
    flows: [flow('a', 'b'), flow('a', 'a'), flow('dataset', 'b'), flow('c', 'dataset'), flow('b', 'c')],
    budget: { totalMicroEur: 5 },
    powerCapW: 100,
    isolation: 'node',
  });

  test.each<[readonly string[], readonly string[]]>([
    [['a'], ['a a']],
    [['b'], ['dataset b']],
    [['c'], ['c dataset']],
    [
      ['a', 'b'],
      ['a b', 'a a', 'dataset b'],
    ],
  ])('the flows among %j and with the dataset', (names, ends) => {
    expect((of(asked, ...names).flows ?? []).map(({ from, to }) => `${from} ${to}`)).toEqual(ends);
  });

  test('no flows at all where none are its own', () => {
    expect('flows' in of(demand('a: 1×1 + b: 1×1', { flows: [flow('a', 'b')] }), 'a')).toBe(false);
  });

  test('all else but the budget, which is of the whole', () => {
    const { parts, flows: _flows, budget: _budget, ...rest } = asked;
    expect(of(asked, 'a')).toEqual({ ...rest, parts: parts.slice(0, 1), flows: [flow('a', 'a')] });
  });
});

const lost = (text: string, loss: string, membersLeft: number, more: object = {}) =>
  demand(text, { survive: { loss, membersLeft }, ...more });

describe('how many of some parts are to be left after a loss', () => {
  const text = 'a: 2×1 at:x + b: 3×1 at:y + c: 9×cpu1 at:z';

  test.each<[string, Demand, string, number | undefined]>([
    // Of the five that count, three stand elsewhere and are left anyway.
    ['as many as it takes for the whole', lost(text, 'node', 4), 'a', 1],
    ['all of them', lost(text, 'node', 5), 'a', 2],
    ['none, where those elsewhere are enough', lost(text, 'node', 3), 'a', undefined],
    ['one, where those elsewhere are one too few', lost(text, 'rack', 3), 'b', 1],
    ['none of a part that does not count', lost(text, 'node', 5), 'c', undefined],
    ['none for the loss of a site, which only the whole can say', lost(text, 'site', 5), 'a', undefined],
    ['none where nobody asks', demand(text), 'a', undefined],
    [
      'of an elastic part those that are guaranteed',
      lost(text, 'node', 3, {
        guarantee: 'elastic',
        parts: demand(text).parts.map((part) => (part.name === 'b' ? { ...part, minCount: 1 } : part)),
      }),
      'a',
      2,
    ],
  ])('%s', (_, asked, part, membersLeft) => {
    const { survive } = of(asked, part);
    expect(survive).toEqual(membersLeft === undefined ? undefined : { ...asked.survive, membersLeft });
  });

  test('of all parts it is what it was', () => {
    const asked = lost(text, 'node', 4);
    expect(of(asked, 'a', 'b', 'c').survive).toEqual(asked.survive);
  });
});

describe('the same at a site that is open to them', () => {
  const [site] = world('x/h1/r1 1×8 H100').state.fleet.sites;
  const at = (text: string, more: object = {}) => {
    if (site === undefined) throw new Error('there is a site');
    const asked = demand(text, more);
    return demandAt(site, asked, asked.parts);
  };

  test('keeps its parts together there', () => {
    expect(at('a: 1×1 at:x + b: 1×1').together).toBe('site');
  });

  test('asks no more for what holds of all of the site', () => {
    const { parts } = at('a: 1×1 at:x kind:edge + b: 1×1 at:y|x');
    expect(parts).toEqual(demand('a: 1×1 + b: 1×1').parts);
  });

  test('keeps the places inside the site that a part asks for', () => {
    expect(at('a: 1×1 at:x/h1|y').parts.map(({ where }) => where)).toEqual([['x/h1', 'y']]);
  });

  test('asks no more for users to be near', () => {
    const parts = demand('a: 1×1').parts.map((part) => ({ ...part, latencyMsByRegion: { munich: 5 } }));
    expect(at('a: 1×1', { parts }).parts).toEqual(demand('a: 1×1').parts);
  });
});
