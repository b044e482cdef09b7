import { z } from 'zod';

import { exitCodeOf } from '../../chat/exit-code.ts';
import type { MaintenanceResult, MaintenanceView } from '../../model/deed-view.ts';
import { instant } from '../../model/demand.ts';
import { BerthError } from '../../model/error.ts';
import { IdemKey, MaintenanceId } from '../../model/id.ts';
import { refusalCode } from '../answer-code.ts';
import type { Io } from '../io.ts';
import { newKey } from '../new-key.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { wholeOf } from './approvals.ts';

export type MaintenanceOptions = Common & {
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly cancel?: string;
  readonly all?: boolean;
  readonly key?: string;
};

const Window = z.strictObject({
  place: z.string().min(1).max(200),
  from: instant,
  to: instant,
  reason: z.string().min(1).max(300).describe('kept in the ledger, such as `firmware`'),
  idemKey: IdemKey,
});
const Cancel = z.strictObject({ id: MaintenanceId, idemKey: IdemKey });

/** Closes a place, opens one again, or lists the windows, by what was typed. */
export async function maintenance(
  io: Io,
  place: string | undefined,
  options: MaintenanceOptions,
): Promise<number> {
  const { cancel } = options;
  if (place !== undefined && cancel !== undefined) throw both();
  const { from, to, reason } = options;
  if (place === undefined && cancel === undefined && (from ?? to ?? reason) !== undefined) throw nowhere();
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    if (cancel !== undefined) return show(io, options.json, await cancelled(session, cancel, options));
    if (place !== undefined) return show(io, options.json, await scheduled(session, place, options));
    const list = await session.control.maintenance({ all: options.all === true });
    const lines = list.windows.map(windowLine);
    print(io, options.json, { kind: 'text', lines: lines.length === 0 ? ['no windows'] : lines }, list);
    return 0;
  });
}

async function scheduled(
  session: Session,
  place: string,
  { from, to, reason, key }: MaintenanceOptions,
): Promise<MaintenanceResult> {
  const { control, caller } = session;
  const idemKey = key ?? (await newKey(session, 'maintenance'));
  return control.scheduleMaintenance(caller, parsed(Window, { place, from, to, reason, idemKey }));
}

async function cancelled(
  session: Session,
  id: string,
  { key }: MaintenanceOptions,
): Promise<MaintenanceResult> {
  const { control, caller } = session;
  const idemKey = key ?? (await newKey(session, 'cancel'));
  return control.cancelMaintenance(caller, parsed(Cancel, { id, idemKey }));
}

function show(io: Io, json: boolean | undefined, result: MaintenanceResult): number {
  const { refusal, window, entry, decision, replayed, approval, next } = result;
  if (refusal !== undefined) {
    print(io, json, { kind: 'refusal', refusal }, result);
    return refusalCode(refusal);
  }
  if (approval !== undefined) {
    const lines = [...wholeOf(approval), next];
    print(io, json, { kind: 'text', lines }, result);
    return exitCodeOf({ outcome: approval.state === 'open' ? 'pending_approval' : 'answered' });
  }
  const again = replayed ? ' (answered before, nothing was done again)' : '';
  const lines = [
    `${decision === 'scheduled' ? 'Closed' : 'Open again'}: ${window === undefined ? '' : windowLine(window)}${again}`,
    `ledger entry ${entry?.seq ?? 0}`,
  ];
  print(io, json, { kind: 'text', lines }, result);
  return 0;
}

/** `MW-1 planned: fra1/h1/r12 (4 nodes) from 2026-12-04T00:00:00+01:00 to …, firmware` */
function windowLine({ id, state, place, nodeCount, from, to, reason }: MaintenanceView): string {
  const nodes = `${nodeCount} ${nodeCount === 1 ? 'node' : 'nodes'}`;
  return `${id} ${state}: ${place} (${nodes}) from ${from} to ${to}, ${reason}`;
}

/** A place behind `--tenant` is read as one more tenant. */
function nowhere(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'a window is named, and no place',
    fix: 'name the place first: `berth maintenance r12 --from … --to … --reason …`',
  });
}

function both(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'a place and `--cancel` cannot be said together',
    fix: 'close a place with `--from` and `--to`, or name the window to cancel',
    field: '--cancel',
  });
}
