import { anything, array, assert, asyncProperty, constantFrom, oneof, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { callTool } from '../../src/mcp/call.ts';
import { IdemKey, PlanId } from '../../src/model/id.ts';
import { ScenarioEdit } from '../../src/model/scenario.ts';
import { MaintenancePlan } from '../../src/model/simulation-view.ts';
import { tools } from '../../tools/index.ts';
import { type Desk, limitedTo, openDesk, operator, rejection, wish } from './desk.ts';

function simulated({ control }: Desk, ...edits: readonly object[]) {
  return control.simulate(operator, { edits: edits.map((edit) => ScenarioEdit.parse(edit)) });
}

describe('things are found by the names people use', () => {
  test.each([
    ['r12', 'lost: fra1/h1/r12', 4],
    ['Frankfurt', 'lost: fra1', 12],
    ['fra1-r12-n01', 'lost: fra1/h1/r12/n01', 1],
    ['fra1-r12-n01/gpu3', 'lost: fra1/h1/r12/n01/gpu3', 0],
    ['r12/n01/NIC0', 'lost: fra1/h1/r12/n01/nic0', 0],
    ['r12/feed-a', 'lost: fra1/h1/r12/feed-a', 0],
    ['fra1/h1/cdu1', 'lost: fra1/h1/cdu1', 8],
    ['fra1/h1/leaf2', 'lost: fra1/h1/leaf2', 0],
    ['weka1', 'lost: fra1/weka1', 0],
    ['fra1/wan-ams2', 'lost: fra1/wan-ams2', 0],
    ['fra1/h1/spine1', 'lost: fra1/h1/spine1', 0],
  ])('%s', async (name, words, lostNodes) => {
    expect(await simulated(await openDesk(), { lose: [name] })).toMatchObject({ edit: words, lostNodes });
  });

  test.each([
    [{ lose: ['fra1-r12-n01/gpu8'] }, 'is beyond the 8 gpus', 'edits[0].lose[0]'],
    [{ lose: ['r12/feed-c'] }, 'has no feed `C`', 'edits[0].lose[0]'],
    [{ cordon: ['r12', 'r99'] }, 'no place is called `r99`', 'edits[0].cordon[1]'],
    [{ add: { site: 'fra1', count: 1 } }, 'exactly one of `like` and `shape`', 'edits[0].add'],
    [{ add: { site: 'r12', count: 1, shape: {} } }, 'which is no site', 'edits[0].add.site'],
    [{ add: { site: 'fra1', rack: 'a01', count: 1, shape: {} } }, 'no rack of fra1', 'edits[0].add.rack'],
    [{ add: { site: 'fra1', count: 1, like: 'r12' } }, 'which is no node', 'edits[0].add.like'],
    [{ price: { model: 'H100' } }, 'exactly one of `eurPerHour` and `percent`', 'edits[0].price'],
    [{ price: { model: 'H1000', percent: 1 } }, 'no node has a GPU called `H1000`', 'edits[0].price.model'],
    [{ price: { model: 'H100', site: 'ams2', percent: 1 } }, 'no price that is recorded', 'edits[0].price'],
    [{ rule: { tenant: 'acmee', countries: ['DE'] } }, 'no tenant is called `acmee`', 'edits[0].rule.tenant'],
    [{ lose: ['r12'], until: '2026-11-01T00:00:00Z' }, 'not later than', 'edits[0].until'],
    [{ grow: { times: 200, everyDays: 365, demand: wish() } }, 'beyond 2199', 'edits[0].grow'],
  ])('%j is refused where it is wrong', async (edit, message, field) => {
    const detail = await rejection(simulated(await openDesk(), edit));
    expect(detail.message).toContain(message);
    expect(detail.field).toBe(field);
  });

  test('a name that two things answer to is asked back', async () => {
    const detail = await rejection(simulated(await openDesk(), { lose: ['leaf1'] }));
    expect(detail.allowed).toEqual(['ams2/h1/leaf1', 'fra1/h1/leaf1', 'iad3/h1/leaf1']);
  });

  test('two prices for one thing contradict each other', async () => {
    const prices = [1, 2].map((eurPerHour) => ({ price: { model: 'H100', site: 'iad3', eurPerHour } }));
    expect(await rejection(simulated(await openDesk(), ...prices))).toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('a lead time that nobody recorded is not guessed', async () => {
    const desk = await openDesk();
    const add = { site: 'edge-muc', count: 1, like: 'fra1-r11-n01', from: 'lead-time' };
    expect(await simulated(desk, { add })).toMatchObject({ from: '2027-01-24T10:00:00+01:00' });
  });
});

describe('who may', () => {
  test('a tenant may ask how much of its own still fits, and nothing that concerns the others', async () => {
    const { control } = await openDesk();
    const acme = limitedTo('acme');
    const grow = ScenarioEdit.parse({
      grow: { times: 3, demand: wish({ tenant: 'acme', where: ['fra1'] }) },
    });
    expect(await control.simulate(acme, { edits: [grow] })).toMatchObject({
      growth: [{ tenant: 'acme', asked: 3 }],
    });
    const other = ScenarioEdit.parse({ grow: { demand: wish({ tenant: 'globex' }) } });
    const price = ScenarioEdit.parse({ price: { model: 'H100', percent: 1 } });
    for (const edits of [[other], [grow, price]])
      expect(await rejection(control.simulate(acme, { edits }))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await rejection(control.planMaintenance(acme, { places: ['r12'] }))).toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('maintenance plans', () => {
  test.each([
    [{ places: ['r12'], untilMs: 1 }, '`until`'],
    [{ places: ['r12'], lengthS: 3600 }, '`until` is missing'],
    [{ places: ['r12'], lengthS: 864_000, untilMs: Date.parse('2026-11-26T00:00:00Z') }, 'leaves no room'],
    [{ places: ['r12', 'r99'] }, 'no place is called `r99`'],
  ])('%j', async (asked, message) => {
    const { control } = await openDesk();
    expect((await rejection(control.planMaintenance(operator, asked))).message).toContain(message);
  });

  test('a plan that somebody holds on the nodes is named, as long as it is held', async () => {
    const { control } = await openDesk();
    const { plan } = await control.plan(operator, wish());
    if (plan === undefined) throw new Error('no plan');
    const places = [...new Set(plan.parts.flatMap(({ members }) => members.map(({ node }) => node)))];
    const idemKey = IdemKey.parse('hold-for-drain');
    const hints = async (wanted: readonly string[]) =>
      ((await control.planMaintenance(operator, { places: wanted })).hints ?? []).filter((hint) =>
        hint.includes(plan.id),
      );
    expect(await hints(places)).toEqual([]);
    await control.hold(operator, { plan: plan.id, leaseS: 3600, idemKey });
    expect(await hints(places)).toEqual([
      expect.stringContaining(`${plan.id} of globex is held there until`),
    ]);
    expect(await hints(['edge-muc'])).toEqual([]);
  });

  test('its holder is offered the same off these nodes, and can hold that and drop the other', async () => {
    const { control } = await openDesk();
    const { plan } = await control.plan(operator, wish());
    if (plan === undefined) throw new Error('no plan');
    const [node = ''] = plan.parts.flatMap(({ members }) => members.map((member) => member.node));
    await control.hold(operator, { plan: plan.id, leaseS: 3600, idemKey: IdemKey.parse('hold-one') });
    const hints = async () => (await control.planMaintenance(operator, { places: [node] })).hints ?? [];
    const named = (await hints()).find((hint) => hint.includes(plan.id)) ?? '';
    const [, other = ''] =
      /can hold (plan-[0-9a-f]{16}), which is the same off these nodes/.exec(named) ?? [];
    const instead = PlanId.parse(other);
    await control.hold(operator, { plan: instead, leaseS: 3600, idemKey: IdemKey.parse('hold-other') });
    await control.dropHold(operator, { plan: plan.id, idemKey: IdemKey.parse('drop-one') });
    expect((await hints()).filter((hint) => hint.includes('is held there'))).toEqual([]);
    const { leases } = await control.leases(operator);
    expect(leases.map((lease) => lease.plan)).toEqual([instead]);
  });

  test('nothing is appended, whatever is planned', async () => {
    const { control } = await openDesk();
    const head = await control.head();
    const plan = await control.planMaintenance(operator, { places: ['fra1-r12-n01', 'ams2/h1/a01/n01'] });
    expect(MaintenancePlan.parse(plan).moves.length).toBeGreaterThan(0);
    expect(await control.head()).toEqual(head);
  });
});

test(
  'whatever an agent sends, the tools answer or say what is wrong with it',
  { timeout: 60_000 },
  async () => {
    const { control } = await openDesk();
    const context = { control, caller: operator, signal: new AbortController().signal, log: () => undefined };
    const name = constantFrom(
      'r12',
      'fra1',
      'r12/feed-a',
      '',
      ' ',
      '__proto__',
      '\u202e',
      'gpu3',
      '/',
      'n01/gpu99',
    );
    const value = oneof(name, array(name, { maxLength: 3 }), anything());
    const edit = record(
      {
        lose: value,
        cordon: value,
        from: oneof(value, constantFrom('2026-12-01T00:00:00Z', '1900-01-01T00:00:00Z')),
        until: oneof(value, constantFrom('2027-12-01T00:00:00Z')),
        add: record({ site: name, count: value, like: name }),
        price: record({
          model: constantFrom('H100', ''),
          percent: oneof(value, constantFrom(-100, 1e4, 0.1)),
        }),
        rule: value,
        grow: value,
      },
      { requiredKeys: [] },
    );
    const args = oneof(
      record({ edits: array(edit, { maxLength: 3 }) }),
      record({ lose: value, from: value }, { requiredKeys: [] }),
      record({ places: value, until: value, lengthS: value }, { requiredKeys: ['places'] }),
    );
    await assert(
      asyncProperty(args, async (asked) => {
        const tool = 'places' in asked ? 'maintenance_plan' : 'placement_simulate';
        const plain: unknown = JSON.parse(JSON.stringify(asked));
        const answer = await callTool(tools, tool, plain, context);
        expect(answer.ok ? 'answered' : answer.error.code).not.toBe('INTERNAL');
      }),
      { seed: 20_261_125, numRuns: 150 },
    );
  },
);
