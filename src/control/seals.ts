import type { Authority } from '../core/authority/authority.ts';
import type { Sealed } from '../core/given.ts';
import type { Command } from '../model/command.ts';
import { factBody, type Signed } from '../model/governance-fact.ts';
import type { SignatureVerdict } from '../model/key.ts';
import { overrideBody } from '../model/override.ts';
import type { Packs } from '../policy/pack-set.ts';
import { isSigned } from './signatures.ts';

/**
 * What is to be said of the signatures in a command, and of the rule that it overrides. Reads nothing but its
 * arguments, so that `ledger verify` finds the same again.
 */
export function sealedIn(command: Command, packs: Packs, authority: Authority): Sealed | undefined {
  if (command.kind === 'record-facts')
    return { signatures: command.facts.map((fact) => signatureOf(fact.signed, factBody(fact), authority)) };
  if (command.kind !== 'override-rule') return undefined;
  const { wish, second } = command;
  const rule = packs.rules.find(({ id, policy }) => id === wish.rule && policy.effect === 'forbid');
  return {
    signatures: [signatureOf(second, overrideBody(wish), authority)],
    override: rule === undefined ? 'unknown-rule' : rule.override,
  };
}

/** Once anybody's key is registered, only registered ones count, each for its own person until it is revoked. */
function signatureOf(signed: Signed | undefined, body: object, { keys }: Authority): SignatureVerdict {
  if (signed === undefined) return 'absent';
  const known = keys.get(signed.key);
  const isOwn = known?.principal === signed.by && known.revokedAtMs === undefined;
  if (keys.size > 0 && !isOwn) return 'invalid';
  return isSigned(signed.key, { ...body, by: signed.by }, signed.signature) ? 'valid' : 'invalid';
}
