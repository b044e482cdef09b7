import type { Caller } from '../../src/control/control.ts';
import type { WatchWish } from '../../src/control/watching.ts';
import type { MandateLimits } from '../../src/model/authority.ts';
import { IdemKey, MandateId, PrincipalId, type RunId } from '../../src/model/id.ts';
import type { WatchRound } from '../../src/model/run-view.ts';
import { dayMs } from '../../src/model/unit.ts';
import { type Desk, nowMs, retold } from './desk.ts';
import { person } from './people.ts';

/** The mandate that the demo gives its agent, and a person who is at the terminal. */
export const m1 = MandateId.parse('M-1');

/** The agent of the demo, started by a person. */
export function bot(by = 'sven'): Caller {
  return {
    principal: PrincipalId.parse('agent:ops-bot'),
    onBehalfOf: PrincipalId.parse(`person:${by}`),
    client: 'berth-agent',
  };
}

export const usualLimits = { steps: 20, untilMs: nowMs + dayMs };

let keys = 0;

/** Another key each time. */
export function freshKey(): IdemKey {
  keys += 1;
  return IdemKey.parse(`run-key-${keys}`);
}

/** One look by the agent of the demo. */
export function look(
  desk: Pick<Desk, 'control'>,
  wish: Partial<WatchWish> = {},
  caller = bot(),
): Promise<WatchRound> {
  return desk.control.watchRound(caller, { mandate: m1, limits: usualLimits, idemKey: freshKey(), ...wish });
}

/** A run that has begun; the test fails where it could not. */
export async function begun(
  { control }: Pick<Desk, 'control'>,
  wish: { readonly goal?: string; readonly spendMicroEur?: number; readonly steps?: number } = {},
  { mandate = m1, caller = bot() }: { readonly mandate?: MandateId; readonly caller?: Caller } = {},
): Promise<RunId> {
  const { goal = 'a goal', ...more } = wish;
  const limits = { ...usualLimits, ...more };
  const written = await control.beginRun(caller, {
    mandate,
    what: 'goal',
    limits,
    goal,
    idemKey: freshKey(),
  });
  if (written.run === undefined) throw new Error(written.refusal?.summary ?? 'no run');
  return written.run;
}

/** A node of the demo says at the clock of the desk that it is down. */
export async function breaks({ control, clock }: Desk, ...nodes: readonly string[]): Promise<void> {
  const down = { health: 'down', healthReason: 'Xid 79: GPU has fallen off the bus' } as const;
  const changes = Object.fromEntries(nodes.map((node) => [node, down]));
  await control.importObservation(person('sven'), retold(changes, clock.atMs), false);
}

/** A new agent with a mandate of its own, granted by the local operator; its mandate. */
export async function hire(
  { control }: Desk,
  name: string,
  limits: Partial<MandateLimits> = {},
): Promise<{ readonly mandate: MandateId; readonly caller: Caller }> {
  const agent = PrincipalId.parse(`agent:${name}`);
  const sponsor = PrincipalId.parse('person:sven');
  const ada = person('ada');
  const principal = { kind: 'agent', id: agent, name, sponsor } as const;
  await control.recordAuthority(ada, { command: { kind: 'register-principal', principal } });
  const wish = {
    agent,
    sponsor,
    tools: ['contract_commit', 'contract_change', 'contract_release'],
    tenants: [...(limits.tenants ?? [])],
    expiresAtMs: nowMs + 30 * dayMs,
    ...limits,
  };
  const { id } = await control.recordAuthority(ada, { command: { kind: 'grant-mandate', wish } });
  return { mandate: MandateId.parse(id), caller: { ...bot(), principal: agent } };
}
