import type { Caller, Control } from '../../src/control/control.ts';
import { demoKeyOf } from '../../src/control/demo-key.ts';
import { type Ballot, publicKeyOf, signBallot } from '../../src/control/signatures.ts';
import { callTool } from '../../src/mcp/call.ts';
import { Observation } from '../../src/model/fact.ts';
import { type ApprovalId, IdemKey, PrincipalId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import type { Deed } from './task.ts';

/** Where others act: the same ledger that the agent works on, through a control of their own. */
export type Backstage = { readonly control: Control; readonly observation: Observation };

type Calling = Extract<Deed, { readonly tool: string }>;
type Deciding = { readonly approval: ApprovalId; readonly yes: boolean; readonly reason?: string };

export const operator: Caller = {
  principal: PrincipalId.parse('person:operator'),
  client: 'berth-eval',
  byHand: true,
};

/** What somebody else wanted to do and could not: there was nothing to approve, or no room any more. */
export class DeedRefused extends Error {
  override readonly name = 'DeedRefused';
}

/**
 * Does what others do in a task, one deed after the other. The plan of the last answer that had one is `$plan`. Throws
 * `DeedRefused`.
 */
export async function doDeeds(stage: Backstage, deeds: readonly Deed[]): Promise<void> {
  let plan: string | undefined;
  for (const [at, deed] of deeds.entries()) plan = (await doDeed(stage, deed, { plan, at })) ?? plan;
}

type Before = { readonly plan: string | undefined; readonly at: number };

async function doDeed(stage: Backstage, deed: Deed, before: Before): Promise<string | undefined> {
  if ('tool' in deed) return callAs(stage, deed, before);
  if ('facts' in deed) await state(stage, deed.facts);
  else if ('stop' in deed) await stop(stage, deed, before.at);
  else if ('approve' in deed) await decide(stage, deed.by, { approval: deed.approve, yes: true });
  else await decide(stage, deed.by, { approval: deed.reject, yes: false, reason: deed.reason });
  return undefined;
}

async function callAs(
  { control }: Backstage,
  { tool, arguments: args, as }: Calling,
  { plan }: Before,
): Promise<string | undefined> {
  const caller = as === undefined ? operator : { principal: as, client: 'berth-eval' };
  const answer = await callTool(tools, tool, withPlan(args, plan), { control, caller, log: () => undefined });
  if (!answer.ok) throw new DeedRefused(`${tool}: ${answer.error.message}`);
  return planIn(answer.content);
}

/** A source that has seen everything of before, and these attributes besides. */
export async function state(
  { control, observation }: Backstage,
  facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Promise<void> {
  const observedAtMs = control.clock.nowMs();
  const said = observation.facts.map((fact) => ({ ...fact, set: { ...fact.set, ...facts[fact.subject] } }));
  await control.importObservation(
    operator,
    Observation.parse({ ...observation, observedAtMs, facts: said }),
    false,
  );
}

async function stop(
  { control }: Backstage,
  { stop: target, reason }: Extract<Deed, { readonly stop: unknown }>,
  at: number,
): Promise<void> {
  const idemKey = IdemKey.parse(`eval:stop:${at}`);
  const { refusal } = await control.recordAuthority(operator, {
    command: { kind: 'stop', target, reason },
    idemKey,
  });
  if (refusal !== undefined) throw new DeedRefused(`the stop: ${refusal.summary}`);
}

async function decide({ control }: Backstage, by: PrincipalId, word: Deciding): Promise<void> {
  const secret = demoKeyOf(by);
  const signer = { publicKey: publicKeyOf(secret), sign: (ballot: Ballot) => signBallot(secret, ballot) };
  const caller: Caller = { principal: by, client: 'berth-eval', byHand: true };
  const waiting = await control.approvals(caller, { all: false });
  if (!waiting.approvals.some(({ id }) => id === word.approval))
    throw new DeedRefused(`${word.approval}: it does not wait`);
  const { refusal } = await control.decideApproval(caller, { ...word, signer });
  if (refusal !== undefined) throw new DeedRefused(`${word.approval}: ${refusal.summary}`);
}

/** The id of the plan that an answer brings: of one that no longer holds, the fresh one. */
export function planIn(answer: unknown): string | undefined {
  const text = JSON.stringify(answer);
  return /"freshPlan":\{"id":"(plan-[0-9a-f]{16})/.exec(text)?.[1] ?? /plan-[0-9a-f]{16}/.exec(text)?.[0];
}

/** Arguments with `$plan` written out. */
export function withPlan(args: Record<string, unknown>, plan: string | undefined): Record<string, unknown> {
  const value: unknown = JSON.parse(
    JSON.stringify(args).replaceAll('$plan', plan ?? 'plan-0000000000000000'),
  );
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
