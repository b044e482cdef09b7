import { describe, expect, test } from 'vitest';

import type { FleetSite } from '../../../src/core/inventory/fleet.ts';
import type { ClosedSite } from '../../../src/core/place/open-sites.ts';
import type { SiteMiss } from '../../../src/core/place/site.ts';
import type { Candidate } from '../../../src/core/place/solve.ts';
import { type Company, spanReports } from '../../../src/core/place/span/reports.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { SiteReport } from '../../../src/model/plan.ts';
import { demand } from '../demand.ts';
import { t0, world } from '../fleet.ts';
import { placement } from '../placement.ts';

const { fleet } = world('a/r1 1×8 H100', 'b/r1 1×8 H100', 'c/r1 1×8 H100').state;

function siteOf(id: string): FleetSite {
  const site = fleet.sites.find((one) => one.id === id);
  if (site === undefined) throw new Error(`no site ${id}`);
  return site;
}

/** Something that fits at a site: these parts, at a price for an hour and in all. */
function fits(site: string, parts: readonly string[] = ['one'], price: object = {}): Candidate {
  const { members } = placement(4, ...parts.map((part) => `${part} 0 ${site}/r1/n01 gpu0`));
  return {
    kind: 'fits',
    site: siteOf(site),
    startMs: t0,
    members,
    spares: [],
    bandwidth: [],
    closeness: 0,
    spare: 0,
    price: { priceBook: 'list', lines: [], ...price },
  };
}

const misses = (site: string, replicasFit: number, binding: SiteMiss['binding']): SiteMiss => ({
  kind: 'misses',
  site: siteOf(site),
  place: site,
  replicasFit,
  binding,
});

const closed = (site: string, outcome: ClosedSite['outcome'], why: string): ClosedSite => ({
  site: siteOf(site),
  outcome,
  why,
  hits: [],
});

const asked = demand('one: 2×1 at:a|b|c + two: 1×1 at:a|b|c');

function company(name: string, ...found: readonly (Candidate | SiteMiss | ClosedSite)[]): Company {
  return {
    parts: asked.parts.filter((part) => part.name === name),
    found: found.flatMap((one) => ('kind' in one ? [one] : [])),
    closed: found.flatMap((one) => ('kind' in one ? [] : [one])),
  };
}

/** `a feasible: fits`, as a plan would hold it. */
const lines = (companies: readonly Company[], chosen?: Parameters<typeof spanReports>[1]) =>
  spanReports(companies, chosen)
    .map((report) => SiteReport.parse(report))
    .map(({ site, outcome, why }) => `${site} ${outcome}: ${why}`);

describe('what is said of each site', () => {
  const inventory = 'the site has not enough that fits, even when empty';

  test.each<[string, readonly Company[], readonly string[]]>([
    ['where one company fits', [company('one', fits('a'))], ['a feasible: `one`: fits']],
    [
      'where too little fits: how many of how many, and why',
      [company('one', misses('a', 1, 'inventory'))],
      [`a no-capacity: \`one\`: 1 of 2 replicas fit: ${inventory}`],
    ],
    [
      'where two companies fit: both are named, once said',
      [company('one', fits('a')), company('two', fits('a'))],
      ['a feasible: `one`, `two`: fits'],
    ],
    [
      'where one fits and the other does not: the best of it first',
      [company('one', misses('a', 0, 'inventory')), company('two', fits('a'))],
      [`a feasible: \`two\`: fits; \`one\`: 0 of 2 replicas fit: ${inventory}`],
    ],
    [
      'where the rules forbid it to both',
      [
        company('one', closed('a', 'policy-denied', 'Art. 1')),
        company('two', closed('a', 'policy-denied', 'Art. 1')),
      ],
      ['a policy-denied: `one`, `two`: Art. 1'],
    ],
    [
      'where each has another reason',
      [
        company('one', closed('a', 'fact-missing', 'kind')),
        company('two', closed('a', 'fact-missing', 'latency')),
      ],
      ['a fact-missing: `one`: kind; `two`: latency'],
    ],
    [
      'where the words are the same and the outcome is not',
      [company('one', closed('a', 'policy-denied', 'no')), company('two', closed('a', 'no-capacity', 'no'))],
      ['a no-capacity: `two`: no; `one`: no'],
    ],
    [
      'each in its line: what is possible first, then by id',
      [
        company(
          'one',
          closed('a', 'fact-missing', 'kind'),
          misses('c', 0, 'inventory'),
          misses('b', 0, 'inventory'),
        ),
        company('two', fits('c')),
      ],
      [
        `c feasible: \`two\`: fits; \`one\`: 0 of 2 replicas fit: ${inventory}`,
        `b no-capacity: \`one\`: 0 of 2 replicas fit: ${inventory}`,
        'a fact-missing: `one`: kind',
      ],
    ],
  ])('%s', (_, companies, expected) => {
    expect(lines(companies)).toEqual(expected);
  });

  test('what fits says from when and for how much, as far as that is known', () => {
    const priced = { microEurPerHour: 5, totalMicroEur: 20 };
    expect(spanReports([company('one', fits('a', ['one'], priced))])[0]).toMatchObject({
      startMs: t0,
      ...priced,
    });
    const [silent] = spanReports([company('one', fits('a'))]);
    expect(Object.keys(silent ?? {}).toSorted()).toEqual(['outcome', 'site', 'startMs', 'why']);
  });

  test('a long list of reasons is cut to what a report may hold', () => {
    const [report] = spanReports([
      company('one', closed('a', 'fact-missing', 'x'.repeat(200))),
      company('two', closed('a', 'fact-missing', 'y'.repeat(200))),
    ]);
    expect(report?.why).toHaveLength(300);
  });
});

describe('what was chosen', () => {
  const whole = (pieces: readonly Candidate[]): Candidate => ({ ...fits('a'), pieces });
  const companies = [company('one', fits('a'), fits('b')), company('two', fits('b'))];
  const chosen = (ways: number, wish: Demand, ...pieces: readonly Candidate[]) => ({
    best: whole(pieces),
    ways,
    demand: wish,
  });

  test('comes first, says what stands there, and leaves out what else could', () => {
    expect(lines(companies, chosen(2, asked, fits('a', ['one']), fits('b', ['two'])))).toEqual([
      'a chosen: `one`: cheapest of 2 ways to place all parts',
      'b chosen: `two`: cheapest of 2 ways to place all parts',
    ]);
  });

  test('names parts in the order of the demand, whatever the order of the members', () => {
    expect(lines(companies, chosen(1, asked, fits('b', ['two', 'one'])))).toEqual([
      'b chosen: `one`, `two`: the only way to place all parts',
      'a feasible: `one`: fits',
    ]);
  });

  test('says by which objective', () => {
    const soonest = demand('one: 2×1 at:a|b|c + two: 1×1 at:a|b|c', { objective: 'soonest' });
    expect(lines([], chosen(3, soonest, fits('c', ['two'])))).toEqual([
      'c chosen: `two`: soonest of 3 ways to place all parts',
    ]);
  });
});
