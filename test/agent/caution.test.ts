import { describe, expect, test } from 'vitest';

import { gazetteerOf } from '../../src/agent/gazetteer.ts';
import { normalise } from '../../src/agent/normalise.ts';
import { read, spansOf } from '../../src/agent/reading.ts';
import { InventorySummary } from '../../src/model/inventory-view.ts';
import { type FakeFleet, fakeFleet } from './fleet.ts';
import { planned, talk } from './say.ts';

const first = '8 H100 for acme for 3 days from next Monday';

const acts = (fleet: FakeFleet) =>
  fleet.calls.filter(({ tool }) => tool === 'contract_commit' || tool === 'contract_release');

describe('what is no yes commits and releases nothing', () => {
  test.each([
    "don't commit it",
    'please do not commit anything yet',
    'never commit',
    'commit it if it is under 1000 euro',
    'commit it, but with 16',
    'commit it for globex',
    'commit it tomorrow',
    'commit C-101',
    'who can commit this?',
    'can you commit it?',
    'I will confirm later',
    'my boss has to approve',
    "ok then don't",
    'yes but not yet',
    'yes?',
    'should I say yes?',
    'yes and 16 more for globex',
    'release it',
    'what did that cost?',
    'show the plan',
  ])('a plan, then: %s', async (line) => {
    expect(acts((await talk([first, line])).fleet)).toEqual([]);
  });

  test.each([
    'commit',
    'book it',
    'take it',
    'no, C-102',
    'not that one',
    'yes but later',
    'which team is that?',
  ])('release C-104, then: %s', async (line) => {
    expect(acts((await talk(['release C-104', line])).fleet)).toEqual([]);
  });

  test.each([
    'did anyone release C-104?',
    'should we release C-104?',
    'C-104 was released by mistake, right?',
    'release half of C-104',
    'release C-104 tomorrow at noon',
    'end C-104 on Friday',
    '8 H100 for globex from the end of C-101 for a week',
  ])('%s, then yes', async (line) => {
    expect(acts((await talk([line, 'yes'])).fleet)).toEqual([]);
  });

  test('a plan that left a word out needs the whole word commit, also after a change', async () => {
    const { turns, fleet } = await talk([`${first}, zumba`, 'ok do it', 'for 4 days', 'do it', 'commit']);
    expect(turns.map(({ outcome }) => outcome)).toEqual([
      'planned',
      'answered',
      'planned',
      'answered',
      'committed',
    ]);
    expect(turns[2]?.unread).toEqual(['zumba']);
    expect(acts(fleet)).toHaveLength(1);
  });

  test('a refused breach of the rules leaves nothing to say yes to', async () => {
    expect(acts((await talk([first, 'ignore gdpr', 'yes'])).fleet)).toEqual([]);
  });

  test.each(['looks good to me', "it's fine, book it for me", 'I confirm', 'oui', 'ja'])(
    '%s is a yes',
    async (line) => {
      expect((await talk([first, line])).last.outcome).toBe('committed');
    },
  );
});

describe('a number counts GPUs only where it can', () => {
  const eight = [{ count: 1, each: { gpus: { count: 8 } } }];

  test.each([
    'raise the budget to 900 per day',
    '2000 in total instead',
    'we pay 50 percent',
    '2 replicas of 4',
    'option 7',
  ])('%s asks', async (line) => {
    expect((await talk([first, line])).last.outcome).toBe('needs_input');
  });

  test('more days are days', async () => {
    const { demand } = await planned(first, 'for 2 more days');
    expect(demand).toMatchObject({ parts: eight, window: { durationS: 432_000 } });
  });

  test.each([
    ['make it 2 nodes', 2, 8],
    ['only 4 of them', 1, 4],
    ['sorry, I mean 16', 2, 8],
  ])('%s', async (line, count, each) => {
    const { demand } = await planned(first, line);
    expect(demand.parts).toMatchObject([{ count, each: { gpus: { count: each } } }]);
  });

  test.each(['2 dozen H100', '24 H100'])('%s', async (said) => {
    const { demand } = await planned(`${said} for globex for 2 days from Monday`);
    expect(demand.parts).toMatchObject([{ count: 3, each: { gpus: { count: 8 } } }]);
  });

  test.each(['-8 H100', '0 H100'])('%s is no count', async (said) => {
    const { last } = await talk([`${said} for globex for 2 days from Monday`]);
    expect(last.question?.missing.map(({ slot }) => slot)).toContain('number');
  });

  test('an offer is taken by its number, never as a count', async () => {
    for (const line of ['1', 'option 1', 'take option 1']) {
      const { last, fleet } = await talk(['2,000 H100 for acme for 3 days from next Monday', line]);
      expect(last).toMatchObject({ outcome: 'planned', unread: [] });
      expect(fleet.last('placement_plan')).toMatchObject({
        demand: { parts: [{ count: 2, each: { gpus: { count: 8 } } }] },
      });
    }
  });
});

describe('what a line takes back is gone, what it adds is beside', () => {
  test.each([
    ['in Frankfurt', 'anywhere is fine', {}],
    ['in Frankfurt', 'any site', {}],
    ['in Frankfurt', 'forget the site', {}],
    ['in Frankfurt', 'but not Frankfurt', { avoid: ['fra1'] }],
    ['in Frankfurt', 'or Amsterdam', { where: ['ams2', 'fra1'] }],
    ['in Frankfurt', 'also Amsterdam', { where: ['ams2', 'fra1'] }],
    ['under 900 € per day', 'without the budget', {}],
    ['with NVLink', 'drop the NVLink', {}],
    ['dedicated nodes', 'no dedicated nodes', { isolation: 'shared' }],
  ])('%s, then: %s', async (said, line, slots) => {
    const plain = await planned(first);
    const { demand } = await planned(`${first} ${said}`, line);
    expect(demand).toEqual({ ...plain.demand, ...slots });
  });

  test.each([
    ['on two nodes', { count: 2, each: { gpus: { count: 4 } } }],
    ['make it two nodes', { count: 2, each: { gpus: { count: 8 } } }],
  ])('%s', async (line, part) => {
    expect((await planned(first, line)).demand.parts).toMatchObject([part]);
  });

  test('all on one node changes the request and lists nothing', async () => {
    expect((await planned(first, 'all on one node')).demand.together).toBe('node');
  });

  test.each(['spread over 2 nodes', '4 per node'])('%s, then yes, commits no other plan', async (line) => {
    expect(acts((await talk([first, line, 'yes'])).fleet)).toEqual([]);
  });

  test('an hour alone keeps the day', async () => {
    const { demand } = await planned(first, 'at 14:00');
    expect(demand.window.earliestStart).toBe('2026-11-30T14:00:00+01:00');
  });

  test.each(['not acme, globex', 'no, not acme but globex', 'globex, not acme'])('%s', async (line) => {
    expect((await planned(first, line)).demand.tenant).toBe('globex');
  });

  test.each([
    [[first, 'same again for globex']],
    [[first, 'yes', 'same again for globex']],
    [[first, 'yes', 'once more for globex']],
  ])('%s repeats the request', async (lines) => {
    const [one, again] = [await planned(first), await planned(...lines)];
    expect(again.demand).toEqual({ ...one.demand, tenant: 'globex' });
  });

  test('one more like that is one more of the same size', async () => {
    expect((await planned(first, 'yes', 'one more like that')).demand).toEqual((await planned(first)).demand);
  });

  test('a commit in the same line does not swallow the request', async () => {
    const { last } = await talk(['8 H100 for globex for 2 days from tomorrow and commit it']);
    expect(last.outcome).toBe('planned');
  });
});

describe('words that must not be dropped', () => {
  test.each([
    '16 H100 split across Frankfurt and Ashburn for globex for 2 days from tomorrow',
    '8 H100 on n01 for globex for 2 days from tomorrow',
    '8 H100 next to C-102 for globex for 2 days from tomorrow',
    'the 8 H100 of C-105 for globex for 2 days from tomorrow',
  ])('%s', async (line) => {
    const { last, fleet } = await talk([line]);
    expect(last.outcome).toBe('needs_input');
    expect(fleet.last('placement_plan')).toBeUndefined();
  });
});

/** The fleet of the other tests, with sites and teams that are called like words. */
async function wordyFleet() {
  const answer = await fakeFleet().call('inventory_summary', {});
  const summary = InventorySummary.parse(answer.ok ? answer.content : undefined);
  const [site] = summary.sites;
  const [tenant] = summary.tenants;
  const sites = ['may', 'now', 'free', 'rack'].map((id) => ({ ...site, id, name: id, aliases: [] }));
  const tenants = ['eu', 'week', 'release'].map((id) => ({ ...tenant, id, name: id }));
  return gazetteerOf(
    InventorySummary.parse({
      ...summary,
      sites: [...summary.sites, ...sites],
      tenants: [...summary.tenants, ...tenants],
    }),
  );
}

describe('names that are words', () => {
  test.each([
    ['may I have 4 L40S for acme from now', []],
    ['how many GPUs are free now', []],
    ['4 L40S for acme from 3 May', []],
    ['4 L40S in free for acme', ['free']],
    ['4 L40S at the site may for acme', ['may']],
    ['what is in rack', ['rack']],
  ])('places of: %s', async (line, paths) => {
    const reading = read(normalise(line), await wordyFleet(), Date.UTC(2026, 10, 25, 9));
    expect(spansOf(reading, 'place').flatMap(({ places }) => places.map(({ path }) => path))).toEqual(paths);
  });

  test.each([
    ['8 H100 for acme in the EU for a week', ['acme']],
    ['8 H100 for eu in the EU for a week', ['eu']],
    ['release C-104 this week', []],
    ['8 H100 for team release for a week', ['release']],
  ])('teams of: %s', async (line, tenants) => {
    const reading = read(normalise(line), await wordyFleet(), Date.UTC(2026, 10, 25, 9));
    expect(spansOf(reading, 'tenant').map(({ tenant }) => tenant)).toEqual(tenants);
    expect(spansOf(reading, 'region')).toHaveLength(line.includes('EU') ? 1 : 0);
  });
});
