import type { Caller } from '../../control/control.ts';
import { isAgent, type Mandate } from '../../model/authority.ts';
import { BerthError } from '../../model/error.ts';
import { MandateId, RunId } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import type { Session } from '../session.ts';

/** The agent that a mandate is for, started by whoever is at the terminal, and what it may see: no more than the mandate. */
export type Party = { readonly mandate: MandateId; readonly caller: Caller };

/** Throws NOT_FOUND for a mandate that nobody granted, INVALID_INPUT for one of another agent. */
export async function partyOf(
  { control, caller }: Pick<Session, 'control' | 'caller'>,
  typed: string,
  model: string,
): Promise<Party> {
  const id = MandateId.safeParse(typed.toUpperCase());
  if (!id.success) throw wrong(`\`${cleanText(typed, 40)}\` is no mandate`, 'write an id such as `M-1`');
  const mandate = await control.mandate(caller, id.data);
  return { mandate: id.data, caller: agentOf(mandate, caller, model) };
}

function agentOf({ agent, tenants: all, sites }: Mandate, caller: Caller, model: string): Caller {
  const { principal, tenants } = caller;
  return {
    principal: agent,
    ...(isAgent(principal) ? {} : { onBehalfOf: principal }),
    tenants: all.filter((tenant) => tenants?.includes(tenant) !== false),
    ...(sites === undefined ? {} : { sites }),
    client: 'berth-agent',
    model,
  };
}

/** Throws INVALID_INPUT. */
export function runIdOf(typed: string): RunId {
  const id = RunId.safeParse(typed.toUpperCase());
  if (id.success) return id.data;
  throw wrong(`\`${cleanText(typed, 40)}\` is no run`, 'write an id such as `R-1`');
}

function wrong(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}
