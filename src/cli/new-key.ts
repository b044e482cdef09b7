import { IdemKey } from '../model/id.ts';
import type { Session } from './session.ts';

/**
 * The key of an act that may be wanted again after it was undone, such as holding a plan that was given up: the same
 * act at another head of the ledger is another one. The core refuses what such a retry would do twice.
 */
export async function newKey({ control }: Session, act: string): Promise<IdemKey> {
  const { seq } = await control.head();
  return IdemKey.parse(`cli-${act}-after-${seq}`);
}
