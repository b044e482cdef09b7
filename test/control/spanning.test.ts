import { describe, expect, test } from 'vitest';

import { ChangeRequest } from '../../src/model/change.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { ContractId, Country, Path } from '../../src/model/id.ts';
import {
  committed,
  key,
  nodesOf,
  nowMs,
  openDesk,
  operator,
  planned,
  rejection,
  retold,
  thePlan,
} from './desk.ts';

const id = ContractId.parse('C-106');

function part(name: string, gpus: object) {
  return { name, count: 1, each: { gpus } };
}

/** Trained in Frankfurt, evaluated in Amsterdam, answered at the edge. */
function borderless(
  more: object = {},
  where: Readonly<Record<string, readonly string[]>> = {},
): DemandRequest {
  return DemandRequest.parse({
    tenant: 'acme',
    parts: [
      { ...part('train', { count: 8, models: ['H100'] }), where: where['train'] ?? ['r12'] },
      { ...part('evaluate', { count: 2, models: ['L40S'] }), where: where['evaluate'] ?? ['ams2/h1/a02'] },
      { ...part('answer', { count: 2, models: ['L4'] }), siteKind: 'edge' },
    ],
    flows: [{ from: 'train', to: 'answer', mbps: 2000, latencyMs: 10 }],
    window: { earliestStart: '2026-11-26T00:00:00Z', durationS: 86_400 },
    ...more,
  });
}

describe('one contract over several sites', { timeout: 60_000 }, () => {
  test('is planned, committed, changed, released, and verified by replay', async () => {
    const desk = await openDesk();
    const { contract } = await committed(desk, borderless(), 'span-commit-1');
    expect(contract?.sites).toEqual(['ams2', 'edge-muc', 'fra1']);
    const longer = ChangeRequest.parse({ extendS: 3600 });
    const plan = thePlan(await desk.control.planChange(operator, { contract: id, change: longer }));
    await desk.control.commit(operator, { plan: plan.id, idemKey: key('span-change-1') });
    const { bandwidth, contract: view } = await desk.control.contract(operator, id);
    expect(view.version).toBe(2);
    expect(bandwidth?.edges.filter(({ fabric }) => fabric === 'wan')).toEqual([
      { fabric: 'wan', edge: 'fra1/wan-edge-muc', mbps: 2000 },
    ]);
    await desk.control.release(operator, { contract: id, idemKey: key('span-release-1') });
    expect((await desk.control.verify()).ok).toBe(true);
  });

  test('goes nowhere that the rules close to any of its parts, and is refused when one is closed before the commit', async () => {
    const desk = await openDesk();
    const abroad = await desk.control.plan(operator, borderless({}, { train: ['iad3'] }));
    expect(abroad.refusal?.kind).toBe('policy-denied');
    expect(abroad.refusal?.summary).toContain('GDPR');
    const { id: plan } = await planned(desk, borderless());
    desk.clock.atMs = nowMs + 60_000;
    await desk.control.importObservation(
      operator,
      retold({ 'edge-muc': { country: Country.parse('US') } }, desk.clock.atMs),
      false,
    );
    const late = await desk.control.commit(operator, { plan, idemKey: key('span-commit-2') });
    expect(late.decision).toBe('rejected');
    expect(JSON.stringify(late.refusal)).toContain('edge-muc');
  });

  test('never reaches beyond the sites that its caller may use', async () => {
    const desk = await openDesk();
    const caller = { ...operator, sites: [Path.parse('fra1'), Path.parse('ams2')] };
    const beyond = await desk.control.plan(caller, borderless()).catch((error: unknown) => error);
    expect(JSON.stringify(beyond)).not.toContain('"decision":"planned"');
    const { parts } = borderless();
    const within = borderless({ parts: parts.slice(0, 2), flows: [] });
    expect(
      new Set(nodesOf(await planned(desk, within, caller)).map((node) => node.split('/', 1).join())),
    ).toEqual(new Set(['fra1', 'ams2']));
  });

  test('names places that nobody knows, also of one part', async () => {
    const { control } = await openDesk();
    const unknown = await rejection(control.plan(operator, borderless({}, { train: ['nowhere-9'] })));
    expect(unknown.message).toContain('nowhere-9');
  });
});
