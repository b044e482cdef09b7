import { expect, test } from 'vitest';

import type { ErrorDetail } from '../../src/model/error.ts';
import { ContractId, PlanId } from '../../src/model/id.ts';
import { Tenant } from '../../src/model/tenant.ts';
import {
  committed,
  type Desk,
  key,
  limitedTo,
  openDesk,
  operator,
  planned,
  rejection,
  retold,
  wish,
} from './desk.ts';

const acme = limitedTo('acme');
const idemKey = key('key-one');

/** Everything that one call said, answer or error, as text. */
async function said(call: Promise<unknown>): Promise<string> {
  return JSON.stringify(await call.catch(async () => rejection(call)));
}

/** What acme may not read anywhere: the names and contracts of the others, and who acts for them. */
const foreign = /globex(?!-vision)|initech(?!-ledger)|C-10[234]|hank|peter/i;

test('acme sees its own contracts and plans, and of the others not even that they exist', async () => {
  const desk = await openDesk();
  const { contracts } = await desk.control.contracts(acme, { limit: 50 });
  expect(contracts.map(({ id, tenant }) => `${id} ${tenant}`)).toEqual(['C-101 acme', 'C-105 acme']);
  expect(await desk.control.contract(acme, ContractId.parse('C-101'))).toMatchObject({
    contract: { tenant: 'acme' },
  });
  const { tenants } = await desk.control.summary(acme, { racks: true });
  expect(tenants.map(({ id }) => id)).toEqual(['acme']);

  const plan = (await planned(desk, wish())).id;
  const theirs = ContractId.parse('C-102');
  const nobodys = ContractId.parse('C-999');
  const noPlan = PlanId.parse('plan-0123456789abcdef');
  for (const [one, other] of [
    [contractCalls(desk, theirs), contractCalls(desk, nobodys)],
    [planCalls(desk, plan), planCalls(desk, noPlan)],
  ] as const) {
    const details = await Promise.all(one.map(rejection));
    expect(details.map(({ code }) => code)).toEqual(details.map(() => 'NOT_FOUND'));
    expect(details.map(withoutId)).toEqual((await Promise.all(other.map(rejection))).map(withoutId));
  }
});

function withoutId({ message }: ErrorDetail): string {
  return message.replaceAll(/C-\d+|plan-[0-9a-f]+/g, 'ID');
}

function contractCalls({ control }: Desk, contract: ContractId): readonly Promise<unknown>[] {
  return [
    control.contract(acme, contract),
    control.release(acme, { contract, idemKey }),
    control.explain(acme, { kind: 'contract', contract }),
  ];
}

function planCalls({ control }: Desk, plan: PlanId): readonly Promise<unknown>[] {
  return [control.commit(acme, { plan, idemKey }), control.explain(acme, { kind: 'plan', plan })];
}

test('acme may not act for others, whether they exist or not, nor do what is the operator’s', async () => {
  const { control } = await openDesk();
  const globex = Tenant.parse({ id: 'globex', name: 'G', zone: 'UTC', rules: {} });
  const head = await control.head();
  const details = await Promise.all(
    [
      control.plan(acme, wish()),
      control.plan(acme, wish({ tenant: 'nosuch' })),
      control.explain(acme, { kind: 'demand', demand: wish() }),
      control.simulate(acme, { edits: [{ lose: ['r12'] }] }),
      control.registerTenant(acme, globex),
      control.importObservation(acme, retold({}), false),
      control.importObservation(acme, retold({}), true),
    ].map(rejection),
  );
  expect(details.map(({ code }) => code)).toEqual(details.map(() => 'FORBIDDEN'));
  const messages = details.map(({ message }) => message.replace(/globex|nosuch/, 'IT'));
  expect(messages[0]).toBe(messages[1]);
  expect(await control.head()).toEqual(head);
});

test('no answer to acme names another tenant or its contracts', async () => {
  const desk = await openDesk();
  const { control } = desk;
  const stale = await planned(desk, wish({ tenant: 'acme' }), acme);
  await committed(desk, wish(), 'key-two');
  const answers = await Promise.all(
    [
      control.summary(acme, { racks: true }),
      control.searchNodes(acme, { within: 'fra1', limit: 50 }),
      control.records(acme, { ids: ['fra1-r12-n01', 'fra1-r13-n01', 'fra1'], devices: true }),
      control.contracts(acme, { limit: 50 }),
      control.contracts(acme, { tenant: 'globex', limit: 50 }),
      control.contracts(acme, { within: 'r12', limit: 50 }),
      control.contract(acme, ContractId.parse('C-105')),
      control.plan(acme, wish({ tenant: 'acme', nodes: 2 })),
      control.explain(acme, { kind: 'demand', demand: wish({ tenant: 'acme', nodes: 9, where: ['fra1'] }) }),
      control.commit(acme, { plan: stale.id, idemKey }),
      control.plan(limitedTo('ghost'), wish({ tenant: 'ghost' })),
      control.explain(limitedTo('ghost'), { kind: 'demand', demand: wish({ tenant: 'ghost' }) }),
      control.release(acme, { contract: ContractId.parse('C-101'), idemKey }),
      control.verify(),
    ].map(said),
  );
  expect(answers.flatMap((answer) => foreign.exec(answer.replaceAll('C-106', 'C-102'))?.[0] ?? [])).toEqual(
    [],
  );
  const everything = await said(control.contracts(operator, { limit: 50 }));
  expect(everything).toMatch(foreign);
});

test('acme is told that somebody ends for its plan and what that costs them, but not who', async () => {
  const { control } = await openDesk();
  const rack = wish({ tenant: 'acme', nodes: 4, where: ['fra1'] });
  const refused = await control.plan(acme, rack);
  const offers = (await control.plan(operator, rack)).refusal?.relaxations.map(({ change }) => change) ?? [];
  expect(offers.at(-1)).toMatch(/^ends preemptible C-102 \(16 GPUs, /);
  expect(refused.refusal?.relaxations.at(-1)?.change).toMatch(
    /^ends preemptible contract of another tenant \(16/,
  );
  const { plan } = await control.plan(acme, { ...rack, mayPreempt: true });
  expect(plan?.losses).toMatchObject([{ gpuCount: 16 }]);
  expect(JSON.stringify(plan)).not.toMatch(foreign);
  expect((await control.plan(operator, { ...rack, mayPreempt: true })).plan?.losses).toMatchObject([
    { contract: 'C-102', gpuCount: 16 },
  ]);
});

test('who may act for two tenants sees both, and a key of one is not a key of the other', async () => {
  const desk = await openDesk();
  const both = limitedTo('acme', 'initech-bank');
  const { contracts } = await desk.control.contracts(both, { limit: 50 });
  expect(contracts.map(({ id }) => id)).toEqual(['C-101', 'C-103', 'C-105']);
  await committed(desk, wish({ tenant: 'acme' }), 'key-one', both);
  const second = await committed(desk, wish({ tenant: 'initech-bank' }), 'key-one', both);
  expect(second).toMatchObject({ decision: 'committed', replayed: false, contract: { id: 'C-107' } });
});
