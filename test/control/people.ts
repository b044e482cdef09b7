import type { Signer } from '../../src/control/approving.ts';
import type { Caller } from '../../src/control/control.ts';
import { demoKeyOf } from '../../src/control/demo-key.ts';
import { publicKeyOf, signBallot } from '../../src/control/signatures.ts';
import type { ChangeResult, DecisionResult } from '../../src/model/deed-view.ts';
import { Digest, PrincipalId } from '../../src/model/id.ts';
import { ApprovalId } from '../../src/model/id.ts';
import { type Desk, key, planned, wish } from './desk.ts';

/** A person of the demo at a terminal. */
export function person(name: string): Caller {
  return { principal: PrincipalId.parse(`person:${name}`), client: 'berth-cli', byHand: true };
}

/** An agent behind an MCP client. */
export function agent(name = 'ops-bot'): Caller {
  return { principal: PrincipalId.parse(`agent:${name}`), client: 'mcp:test' };
}

/** The public demo key of a person; of olga and rita it stands in the demo's ledger. */
export function signerOf(name: string): Signer {
  const secret = demoKeyOf(PrincipalId.parse(`person:${name}`));
  return { publicKey: publicKeyOf(secret), sign: (ballot) => signBallot(secret, ballot) };
}

/** Says yes, at a terminal, with one's own demo key. */
export function approve(
  { control }: Desk,
  id: string,
  name = 'olga',
  signer = signerOf(name),
): Promise<DecisionResult> {
  return control.decideApproval(person(name), { approval: ApprovalId.parse(id), yes: true, signer });
}

export function reject({ control }: Desk, id: string, name = 'olga'): Promise<DecisionResult> {
  const word = { approval: ApprovalId.parse(id), yes: false, reason: 'not now', signer: signerOf(name) };
  return control.decideApproval(person(name), word);
}

/** Has the agent ask for what a person must approve: 16 GPUs of rack r12 for a day, unless said otherwise. */
export async function asks(
  desk: Desk,
  idemKey: string,
  demand = wish({ nodes: 2 }),
  caller = agent(),
): Promise<ChangeResult> {
  const { id } = await planned(desk, demand, caller);
  return desk.control.commit(caller, { plan: id, idemKey: key(idemKey) });
}

export const otherDigest = Digest.parse(`sha256:${'ab'.repeat(32)}`);
