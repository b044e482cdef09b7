import { BerthError } from '../model/error.ts';
import type { Refusal } from '../model/refusal.ts';
import { refusalView } from './views/refusal-view.ts';

/** The error for an act whose answer has no room for a refusal: only who asks can be in its way. */
export function forbidden(refusal: Refusal): BerthError {
  return new BerthError({
    code: 'FORBIDDEN',
    message: refusalView(refusal, undefined, 'UTC').summary,
    fix: 'ask somebody who may: `berth principals` lists the people and their roles',
  });
}
