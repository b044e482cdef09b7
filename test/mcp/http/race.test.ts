import { expect, test, vi } from 'vitest';

import { ChangeResult } from '../../../src/model/view.ts';
import { nodesOf, openDesk, planned, wish } from '../../control/desk.ts';
import { endpointWith, fetchFrom, legacyClient, modernClient } from './endpoint-at.ts';

vi.setConfig({ testTimeout: 60_000 });

test.each(['one server', 'two servers'])(
  'of two clients of %s that want the last node exactly one gets it',
  async (servers) => {
    const desk = await openDesk();
    const other = servers === 'one server' ? desk : await openDesk(desk.home);
    const plans = [await planned(desk, wish()), await planned(desk, wish({ tenant: 'acme' }))];
    expect(nodesOf(plans[0])).toEqual(nodesOf(plans[1]));
    const before = await desk.control.head();
    const near = fetchFrom(endpointWith({ control: desk.control }));
    const far = servers === 'one server' ? near : fetchFrom(endpointWith({ control: other.control }));
    const clients = [await legacyClient(near), await modernClient(far)];
    const results = await Promise.all(
      clients.map((client, index) =>
        client.callTool({
          name: 'contract_commit',
          arguments: { plan: plans[index]?.id, idempotencyKey: `race-key-${index}` },
        }),
      ),
    );
    const changes = results.map(({ structuredContent }) => ChangeResult.parse(structuredContent));
    expect(changes.map(({ decision }) => decision).toSorted()).toEqual(['committed', 'rejected']);
    const lost = changes.find(({ decision }) => decision === 'rejected');
    expect(lost?.refusal?.kind).toBe('plan-stale');
    expect(lost?.freshPlan?.id).toMatch(/^plan-/);
    expect((await desk.control.head()).seq).toBe(before.seq + 1);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  },
);
