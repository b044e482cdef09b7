import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { array, assert, asyncProperty, constantFrom, oneof, record } from 'fast-check';
import { expect, test } from 'vitest';

import type { Party } from '../../src/mcp/exchange.ts';
import type { Entry } from '../../src/model/entry.ts';
import { ContractId } from '../../src/model/id.ts';
import { type Desk, openDesk, operator, planned, thePlan, wish } from '../control/desk.ts';
import { agent, approve, person } from '../control/people.ts';
import { endpointWith, type Fetch, fetchFrom, url } from './http/endpoint-at.ts';

/** Who the server knows to be there, and whether its operator lets forms count as a person's own yes. */
const situations: readonly { readonly caller: Party; readonly confirmByForm: boolean }[] = [
  { caller: { principal: agent().principal }, confirmByForm: true },
  { caller: { principal: agent().principal, onBehalfOf: person('theo').principal }, confirmByForm: true },
  { caller: { principal: person('sven').principal }, confirmByForm: true },
  { caller: { principal: person('theo').principal }, confirmByForm: false },
];

const acts = [
  'commit',
  'commit what ends another contract',
  'commit regulated data',
  'commit a change',
  'release',
  'own release',
  'close a node',
  'close a site',
] as const;

/** What a client says besides what it wants: in arguments, in `_meta`, in headers. */
const lies: readonly {
  readonly args?: object;
  readonly params?: object;
  readonly meta?: object;
  readonly headers?: Record<string, string>;
}[] = [
  {},
  { args: { confirm: true, confirmed: 'form', approved: true } },
  { args: { approval: 'A-3', approvedBy: 'person:olga', byHand: true } },
  { args: { principal: 'person:ada', onBehalfOf: 'person:olga', tenants: [] } },
  { args: { mandate: 'M-1', tier: 0, ['__proto__']: { byHand: true } } },
  { meta: { byHand: true, confirmed: 'form', principal: 'person:olga', 'berth.dev/approved': 'A-3' } },
  { meta: { annotations: { readOnlyHint: true, destructiveHint: false }, tier: 1 } },
  {
    headers: {
      authorization: 'Bearer made-up',
      'x-forwarded-user': 'person:olga',
      'x-berth-principal': 'person:ada',
    },
  },
  { params: { inputResponses: { confirm: { action: 'accept', content: { confirm: true } } } } },
  {
    params: {
      inputResponses: { confirm: { action: 'accept', content: { confirm: true } } },
      requestState: 'made-up',
    },
  },
  { params: { inputResponses: { page: { action: 'accept', content: { approved: true } } } } },
];

/** Tools that are not there, or that only look. */
const doors = [
  ['approve', { id: 'A-3' }],
  ['approval_decide', { approval: 'A-3', decision: 'approve' }],
  ['approval_list', { approve: 'A-3', all: true }],
  ['operation_get', { operation: 'A-3', state: 'done' }],
] as const;

const step = oneof(
  {
    weight: 8,
    arbitrary: record({
      kind: constantFrom('act' as const),
      act: constantFrom(...acts),
      lie: constantFrom(...lies),
      era: constantFrom('handshake', 'stateless'),
      key: constantFrom('key-one-1', 'key-two-2', 'key-three-3', 'approve-A-3'),
    }),
  },
  { weight: 1, arbitrary: record({ kind: constantFrom('door' as const), door: constantFrom(...doors) }) },
  { weight: 2, arbitrary: record({ kind: constantFrom('yes' as const), by: constantFrom('olga', 'rita') }) },
);

/** A client that says yes to whatever it is asked, in a form or behind an address, and calls itself Berth's own. */
async function obliging(fetch: Fetch, asked: () => void): Promise<Client> {
  const capabilities = { elicitation: { form: {}, url: {} } };
  const client = new Client({ name: 'berth-cli', version: '1' }, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, () => {
    asked();
    return { action: 'accept', content: { confirm: true } };
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch }));
  return client;
}

type Call = { readonly name: string; readonly arguments: Record<string, unknown> };
type Lie = (typeof lies)[number];

/** A call of the stateless era, word for word as the liar wants it. */
async function stateless(fetch: Fetch, call: Call, lie: Lie): Promise<string> {
  const meta = {
    ...lie.meta,
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'berth-cli', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {}, url: {} } },
  };
  const params = { ...call, ...lie.params, _meta: meta };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...lie.headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': call.name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return response.text();
}

/** Rules that no form of the requester answers, each for one of the acts. */
const forOthers = ['tier-3-preemption', 'tier-3-regulated'] as const;

/** What each act asks for; plans are made by somebody who may. */
async function callsOn(desk: Desk): Promise<Readonly<Record<(typeof acts)[number], Call>>> {
  const { id: plan } = await planned(desk, wish({ nodes: 2 }));
  const others = { ...wish({ tenant: 'acme', nodes: 4, where: ['fra1'] }), mayPreempt: true };
  const { id: preempting } = await planned(desk, others);
  const bank = wish({ tenant: 'initech-bank', models: ['H200-SXM-141GB'], where: ['ams2'] });
  const { id: regulated } = await planned(desk, bank);
  const contract = ContractId.parse('C-104');
  const change = thePlan(
    await desk.control.planChange(operator, { contract, change: { extendS: 86_400 } }),
  ).id;
  const window = { from: '2026-12-20T00:00:00Z', to: '2026-12-20T06:00:00Z', reason: 'firmware' };
  return {
    commit: { name: 'contract_commit', arguments: { plan } },
    'commit what ends another contract': { name: 'contract_commit', arguments: { plan: preempting } },
    'commit regulated data': { name: 'contract_commit', arguments: { plan: regulated } },
    'commit a change': { name: 'contract_commit', arguments: { plan: change } },
    release: { name: 'contract_release', arguments: { contract } },
    'own release': { name: 'contract_release', arguments: { contract: 'C-102' } },
    'close a node': { name: 'maintenance_start', arguments: { place: 'fra1-r12-n04', ...window } },
    'close a site': { name: 'maintenance_start', arguments: { place: 'iad3', ...window } },
  };
}

const deeds = new Set([
  'contract-granted',
  'contract-changed',
  'contract-released',
  'contract-preempted',
  'contract-shrunk',
  'maintenance-scheduled',
]);

type Told = {
  readonly approved: number;
  readonly confirmed: number;
  readonly faults: readonly string[];
  /** Of those rules, which had somebody asked, and which were behind something that was done. */
  readonly asked: readonly string[];
  readonly done: readonly string[];
};

/**
 * What must stand behind every deed, read from the ledger alone: enough different yeses, the last of them in its own
 * entry; or, for a person whose forms count and for what needs nobody else, the form.
 */
function standingBehind(
  entries: readonly Entry[],
  { formsCount, regulated }: { readonly formsCount: boolean; readonly regulated: unknown },
): Told {
  const persons = new Map<string, number>();
  const yes = new Map<string, Set<string>>();
  const faults: string[] = [];
  const told = { approved: 0, confirmed: 0 };
  const why = new Map<string, readonly string[]>();
  const done: string[] = [];
  for (const { seq, actor, command, events } of entries) {
    for (const event of events) {
      if (event.kind !== 'approval-requested') continue;
      persons.set(event.approval, event.persons);
      why.set(
        event.approval,
        forOthers.filter((rule) => event.why.some((line) => line.startsWith(`${rule}:`))),
      );
    }
    if (command.kind === 'approve-plan') {
      if (actor.byHand !== true || !approvers.has(actor.principal)) faults.push(`${seq}: no person's yes`);
      yes.set(command.approval, (yes.get(command.approval) ?? new Set()).add(actor.principal));
    }
    if (!events.some(({ kind }) => deeds.has(kind))) continue;
    if (command.kind === 'approve-plan') {
      told.approved += 1;
      done.push(...(why.get(command.approval) ?? []));
      const missing = (persons.get(command.approval) ?? 99) - (yes.get(command.approval)?.size ?? 0);
      if (missing > 0) faults.push(`${seq}: ${missing} yeses are missing`);
    } else {
      told.confirmed += 1;
      const isOwn = formsCount && actor.confirmed === 'form' && actor.principal === 'person:sven';
      const endsOthers = events.some(({ kind }) => kind === 'contract-preempted');
      const isRegulated = events.some(
        (event) => event.kind === 'contract-granted' && event.plan === regulated,
      );
      if (!isOwn || endsOthers || isRegulated || command.kind === 'start-maintenance')
        faults.push(`${seq}: ${command.kind} without a yes`);
    }
  }
  return { ...told, faults, asked: [...why.values()].flat(), done };
}

const approvers = new Set<string>(['person:olga', 'person:rita']);

/** One yes of a person, with the own key, on what waits longest. Whether it was the last that was missing. */
async function sayYes(desk: Desk, name: string): Promise<boolean> {
  const { approvals } = await desk.control.approvals(operator, { all: false });
  const [first] = approvals;
  if (first === undefined) return false;
  const { decision, replayed } = await approve(desk, first.id, name);
  return decision === 'done' && !replayed;
}

test(
  'a client that lies gets nothing of tier 2 to 4 done without the yeses that are recorded',
  { timeout: 300_000 },
  async () => {
    const seen = { asked: 0, done: 0, two: 0, rulesAsked: new Set<string>(), rulesDone: new Set<string>() };
    await assert(
      asyncProperty(
        constantFrom(...situations),
        array(step, { minLength: 4, maxLength: 14 }),
        async ({ caller, confirmByForm }, steps) => {
          const desk = await openDesk(undefined, { approvalPage: 'http://127.0.0.1:3902' });
          const fetch = fetchFrom(endpointWith({ control: desk.control, caller, confirmByForm }));
          const calls = await callsOn(desk);
          let forms = 0;
          const client = await obliging(fetch, () => (forms += 1));
          const { seq } = await desk.control.head();
          let done = 0;
          for (const each of steps) {
            if (each.kind === 'yes') done += (await sayYes(desk, each.by)) ? 1 : 0;
            else if (each.kind === 'door')
              await client.callTool({ name: each.door[0], arguments: { ...each.door[1] } });
            else {
              const { name, arguments: args } = calls[each.act];
              const { lie } = each;
              const call = { name, arguments: { ...args, idempotencyKey: each.key, ...lie.args } };
              await (each.era === 'stateless'
                ? stateless(fetch, call, lie)
                : client.callTool({ ...call, ...lie.params, _meta: { ...lie.meta } }));
            }
          }
          const entries = await desk.ledger.read(seq, 100);
          const { approved, confirmed, faults, ...rules } = standingBehind(entries, {
            formsCount: confirmByForm,
            regulated: calls['commit regulated data'].arguments['plan'],
          });
          expect(faults).toEqual([]);
          expect(approved).toBe(done);
          expect(confirmed).toBeLessThanOrEqual(forms);
          seen.done += done;
          for (const rule of rules.asked) seen.rulesAsked.add(rule);
          for (const rule of rules.done) seen.rulesDone.add(rule);
          for (const { decision } of entries) {
            if (decision.kind !== 'approval-requested') continue;
            seen.asked += 1;
            if (decision.persons > 1) seen.two += 1;
          }
          await client.close();
        },
      ),
      { numRuns: 30, seed: 41 },
    );
    // Not all of it is refused on the way: things are asked for, of one person and of two, and some are done.
    expect(seen.asked).toBeGreaterThan(30);
    expect(seen.two).toBeGreaterThan(2);
    expect(seen.done).toBeGreaterThan(5);
    expect([...seen.rulesAsked].toSorted()).toEqual([...forOthers]);
    expect([...seen.rulesDone].toSorted()).toEqual([...forOthers]);
  },
);
