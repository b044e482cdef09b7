import { operationOf } from '../core/operation/operation.ts';
import type { OperationId } from '../model/id.ts';
import { isOver } from '../model/operation.ts';
import type { Moment } from './views/snapshot.ts';

/** The operation that is under way after a command, for whoever gave it. */
export function underWay(
  { state, nowMs }: Pick<Moment, 'state' | 'nowMs'>,
  id: OperationId | undefined,
): { operation?: OperationId } {
  const found = id === undefined ? undefined : operationOf(state, id, nowMs);
  return found === undefined || isOver(found.state) ? {} : { operation: found.id };
}
