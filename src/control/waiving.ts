import { sameDenial } from '../core/governance/denials.ts';
import { wishOf } from '../core/governance/waiver.ts';
import type { Command } from '../model/command.ts';
import type { Demand } from '../model/demand.ts';
import { IdemKey, type Path } from '../model/id.ts';
import type { PolicyCheck } from '../model/policy-view.ts';
import { cleanText } from '../model/text.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { requestHash } from './once.ts';

type Wish = {
  readonly rules: readonly string[];
  /** Whose data; its purpose is not recorded. */
  readonly demand?: Demand;
  readonly sites: readonly Path[];
};

type Denial = NonNullable<PolicyCheck['denial']>;

/**
 * Says no to a wish that rules were set aside, and has that no recorded: who asked, through what, for which rules, and
 * those that stand. Nobody is told yes here. A ledger that takes no entries changes the record, not the answer.
 */
export async function denyWaiver(door: Door, caller: Caller, wish: Wish): Promise<Denial> {
  const asked = [
    ...new Set(wish.rules.map((rule) => cleanText(rule, 80)).filter((rule) => rule !== '')),
  ].slice(0, 10);
  const rules = asked.length === 0 ? ['rules'] : asked;
  const { readOnly, head } = await door.moment();
  if (readOnly !== undefined)
    return { asked: rules, note: `denied, but not recorded: ${readOnly.why}. ${wayOut}` };
  const command = commandOf({ ...wish, rules });
  const hash = requestHash('waive-rules', command);
  const passed = await door.pass(caller, command, {
    key: IdemKey.parse(`waive-${hash.slice('sha256:'.length, 'sha256:'.length + 16)}-after-${head.seq}`),
    tenant: wish.demand?.tenant,
    hash,
  });
  const { state, nowMs } = passed.moment;
  const told = sameDenial(state.denials, { by: caller.principal, wish: wishOf(command) }, nowMs);
  if (told === undefined)
    return { asked: rules, note: `denied, and not recorded again: too many such wishes lately. ${wayOut}` };
  const [entry] = await door.ledger.read(told.seq - 1, 1);
  if (entry === undefined) throw new Error(`the denial in entry ${told.seq} is not there`);
  return { asked: rules, entry: { seq: entry.seq, digest: entry.digest }, note: `denied. ${wayOut}` };
}

const wayOut =
  'A rule that allows it is set aside for one tenant and a time by two persons: one asks with ' +
  '`berth policy override RULE --of TENANT --reason WHY --expires DAY`, another signs it.';

type Waiver = Extract<Command, { kind: 'waive-rules' }>;

function commandOf({ rules, demand, sites }: Wish): Waiver {
  return {
    kind: 'waive-rules',
    rules: [...rules],
    ...(demand === undefined ? {} : { demand: withoutPurpose(demand) }),
    sites: [...sites],
  };
}

function withoutPurpose({ purpose: _purpose, ...demand }: Demand): Demand {
  return demand;
}
