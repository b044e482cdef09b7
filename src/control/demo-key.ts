import { createHash, type KeyObject } from 'node:crypto';

import type { Signed } from '../model/governance-fact.ts';
import type { PrincipalId } from '../model/id.ts';
import { privateKeyOf, publicKeyOf, signDocument } from './signatures.ts';

/**
 * The key of a person of a demo world. Everybody can make it from the name alone, so what it signs proves nothing:
 * it is there to show how approvals work, and how conclusions of law are recorded.
 */
export function demoKeyOf(principal: PrincipalId): KeyObject {
  const text = `berth PUBLIC DEMO KEY of ${principal}: anybody can sign with it`;
  return privateKeyOf(createHash('sha256').update(text).digest());
}

/** Signs a document as a person of a demo world. */
export function demoSeal(by: PrincipalId, body: object): Signed {
  const key = demoKeyOf(by);
  return { by, key: publicKeyOf(key), signature: signDocument(key, { ...body, by }) };
}
