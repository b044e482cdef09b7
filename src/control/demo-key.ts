import { createHash, type KeyObject } from 'node:crypto';

import type { PrincipalId } from '../model/id.ts';
import { privateKeyOf } from './signatures.ts';

/**
 * The key of a person of a demo world. Everybody can make it from the name alone, so what it signs proves nothing:
 * it is there to show how approvals work.
 */
export function demoKeyOf(principal: PrincipalId): KeyObject {
  const text = `berth PUBLIC DEMO KEY of ${principal}: anybody can sign with it`;
  return privateKeyOf(createHash('sha256').update(text).digest());
}
