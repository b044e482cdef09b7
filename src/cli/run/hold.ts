import { z } from 'zod';

import { IdemKey, PlanId } from '../../model/id.ts';
import { DurationS } from '../../model/unit.ts';
import type { LeaseResult } from '../../model/view.ts';
import { refusalCode } from '../answer-code.ts';
import { durationS } from '../duration.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

const Hold = z.strictObject({ plan: PlanId, leaseS: DurationS, idemKey: IdemKey });
const Drop = z.strictObject({ plan: PlanId, idemKey: IdemKey });

export async function hold(
  io: Io,
  plan: string,
  options: Common & { for: string; drop?: boolean; key?: string },
): Promise<number> {
  const { key, drop } = options;
  const leaseS = durationS(options.for, '--for');
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const result =
      drop === true
        ? await control.dropHold(caller, parsed(Drop, { plan, idemKey: key ?? `cli-drop-${plan}` }))
        : await control.hold(
            caller,
            parsed(Hold, { plan, leaseS, idemKey: key ?? `cli-hold-${plan}-${leaseS}` }),
          );
    return show(io, options.json, plan, result);
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
