import { z } from 'zod';

import type { LeaseList, LeaseResult } from '../../model/deed-view.ts';
import { BerthError } from '../../model/error.ts';
import { IdemKey, PlanId } from '../../model/id.ts';
import { DurationS } from '../../model/unit.ts';
import { refusalCode } from '../answer-code.ts';
import { durationS } from '../duration.ts';
import type { Io } from '../io.ts';
import { newKey } from '../new-key.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

const Hold = z.strictObject({ plan: PlanId, leaseS: DurationS, idemKey: IdemKey });
const Drop = z.strictObject({ plan: PlanId, idemKey: IdemKey });

/** Holds a plan, gives its hold up, or lists what is held, by what was typed. */
export async function hold(
  io: Io,
  plan: string | undefined,
  options: Common & { for: string; drop?: boolean; key?: string },
): Promise<number> {
  const { key, drop } = options;
  if (plan === undefined && drop === true) throw nothingToDrop();
  if (plan === undefined) return listed(io, options);
  const leaseS = durationS(options.for, '--for');
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const { control, caller } = session;
    const idemKey = key ?? (await newKey(session, drop === true ? 'drop' : 'hold'));
    const result =
      drop === true
        ? await control.dropHold(caller, parsed(Drop, { plan, idemKey }))
        : await control.hold(caller, parsed(Hold, { plan, leaseS, idemKey }));
    return show(io, options.json, plan, result);
  });
}

async function listed(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const list = await control.leases(caller);
    const lines = list.leases.map(leaseLine);
    print(io, options.json, { kind: 'text', lines: lines.length === 0 ? ['no plan is held'] : lines }, list);
    return 0;
  });
}

/** `plan-3f9a0c1e2b7d4a58 until 2026-11-25T12:00:00+01:00: 16 GPUs at fra1 for acme, from …, by person:ada` */
function leaseLine({ plan, until, gpuCount, sites, tenant, changes, start, heldBy }: Lease): string {
  const what = `${gpuCount} ${gpuCount === 1 ? 'GPU' : 'GPUs'} at ${sites.join(', ')} for ${tenant}`;
  const change = changes === undefined ? '' : `, as a change of ${changes}`;
  return `${plan} until ${until}: ${what}${change}, from ${start}, by ${heldBy}`;
}

type Lease = LeaseList['leases'][number];

function nothingToDrop(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'nothing says which hold is to be given up',
    fix: 'name its plan; `berth hold` lists what is held',
    field: 'plan',
  });
}

function show(io: Io, json: boolean | undefined, plan: string, result: LeaseResult): number {
  const { refusal, freshPlan, lease, entry, replayed } = result;
  if (refusal !== undefined) {
    print(io, json, { kind: 'refusal', refusal }, result);
    if (json !== true && freshPlan !== undefined) print(io, json, { kind: 'plan', plan: freshPlan }, result);
    return refusalCode(refusal);
  }
  const again = replayed ? ' (answered before, nothing was done again)' : '';
  const what = lease === undefined ? `${plan} is not held any more` : `${plan} is held until ${lease.until}`;
  const lines = [`${what}${again}`, `ledger entry ${entry?.seq ?? 0}`];
  print(io, json, { kind: 'text', lines }, result);
  return 0;
}
