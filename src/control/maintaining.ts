import { nodesIn } from '../core/calendar/calendar.ts';
import type { Maintenance, State } from '../core/state.ts';
import type { ApprovalView } from '../model/approval-view.ts';
import type { Command } from '../model/command.ts';
import type { MaintenanceList, MaintenanceResult, MaintenanceView } from '../model/deed-view.ts';
import { type IdemKey, type MaintenanceId, OperationId, type Path, siteOf } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door, Passed } from './door.ts';
import { reasoned } from './once.ts';
import { placeNamed } from './place-name.ts';
import { underWay } from './under-way.ts';
import { refusalView } from './views/refusal-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { approvalIn, wayToYes } from './waiting.ts';
import { saidIn } from './words.ts';
import { instantMs, isoIn } from './zone.ts';

/** Closes a place to everybody for a time. Refused, with who is in the way, where something is held there. */
export async function scheduleMaintenance(
  door: Door,
  caller: Caller,
  request: {
    readonly place: string;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
    readonly idemKey: IdemKey;
  },
): Promise<MaintenanceResult> {
  requireOperator(caller, 'close places for maintenance');
  const { state } = await door.moment();
  const asked = {
    place: placeNamed(state, request.place),
    fromMs: instantMs(request.from, 'from'),
    toMs: instantMs(request.to, 'to'),
    reason: cleanText(request.reason, 300),
  };
  return passed(door, caller, { kind: 'start-maintenance', ...asked }, request.idemKey);
}

/** Opens a closed place again. */
export async function cancelMaintenance(
  door: Door,
  caller: Caller,
  request: { readonly id: MaintenanceId; readonly idemKey: IdemKey },
): Promise<MaintenanceResult> {
  requireOperator(caller, 'open places that are closed for maintenance');
  return passed(door, caller, { kind: 'cancel-maintenance', id: request.id }, request.idemKey);
}

/** All windows that are not over, or with `all` every one there was; by number. */
export async function listMaintenance(
  door: Door,
  { all }: { readonly all: boolean },
): Promise<MaintenanceList> {
  const moment = await door.moment();
  const windows = await Promise.all(
    [...moment.state.maintenance.values()].map((window) => windowView(door, window, moment)),
  );
  const shown = windows.filter(({ state: now }) => all || now === 'planned' || now === 'running');
  return { snapshot: snapshotOf(moment), windows: shown };
}

async function passed(
  door: Door,
  caller: Caller,
  command: Extract<Command, { kind: 'start-maintenance' | 'cancel-maintenance' }>,
  key: IdemKey,
): Promise<MaintenanceResult> {
  const request = { key, tenant: undefined, ...reasoned('maintenance', command) };
  const found = await door.pass(caller, command, request);
  const place = command.kind === 'start-maintenance' ? command.place : undefined;
  const zone = zoneAt(found.moment.state, place);
  if (found.kind === 'refused') return resultOf(door, found, zone);
  const approval = await approvalIn(door, found.moment, found.entry.decision);
  return approval === undefined ? resultOf(door, found, zone) : parkedResult(found, approval);
}

/** It waits for another person, or waited: then the windows say what became of it. */
function parkedResult(
  found: Exclude<Passed, { kind: 'refused' }>,
  approval: ApprovalView,
): MaintenanceResult {
  const { seq, digest } = found.entry;
  return {
    snapshot: snapshotOf(found.moment),
    decision: 'pending_approval',
    replayed: found.kind === 'replayed',
    approval,
    ...underWay(found.moment, OperationId.parse(approval.id)),
    entry: { seq, digest },
    next:
      approval.state === 'open'
        ? `it waits for another person: ${wayToYes(approval)}`
        : `its approval is ${approval.state}; \`berth maintenance\` lists the windows`,
  };
}

async function resultOf(door: Door, found: Passed, zone: string): Promise<MaintenanceResult> {
  const snapshot = snapshotOf(found.moment);
  if (found.kind === 'refused') {
    const refusal = refusalView(found.decision.refusal, undefined, zone);
    return { snapshot, decision: 'rejected', replayed: false, refusal, next: 'nothing was changed' };
  }
  const { decision, seq, digest } = found.entry;
  if (decision.kind !== 'maintenance-scheduled' && decision.kind !== 'maintenance-cancelled')
    throw new Error(`entry ${seq} is no maintenance`);
  const window = found.moment.state.maintenance.get(decision.id);
  const scheduled = decision.kind === 'maintenance-scheduled';
  return {
    snapshot,
    decision: scheduled ? 'scheduled' : 'cancelled',
    replayed: found.kind === 'replayed',
    ...(window === undefined ? {} : { window: await windowView(door, window, found.moment) }),
    ...underWay(found.moment, OperationId.parse(decision.id)),
    entry: { seq, digest },
    next: scheduled ? 'nothing is placed there in that time' : 'the place is open again',
  };
}

async function windowView(
  door: Door,
  window: Maintenance,
  { state, nowMs }: Moment,
): Promise<MaintenanceView> {
  const { id, place, fromMs, toMs, reason, cancelledAtMs } = window;
  const nodes = nodesIn(state.fleet, place);
  const zone = zoneAt(state, place);
  return {
    id,
    place,
    nodeCount: nodes.length,
    fromMs,
    toMs,
    from: isoIn(fromMs, zone),
    to: isoIn(toMs, zone),
    reason: await saidIn(door.ledger, reason),
    state: stateOf(window, nowMs),
    ...(cancelledAtMs === undefined ? {} : { cancelledAt: isoIn(cancelledAtMs, zone) }),
  };
}

/** The time zone of a place's site. */
export function zoneAt(state: State, place: Path | undefined): string {
  const site = place === undefined ? undefined : state.fleet.sites.find(({ id }) => id === siteOf(place));
  return site?.facts.zone ?? 'UTC';
}

function stateOf({ fromMs, toMs, cancelledAtMs }: Maintenance, nowMs: number): MaintenanceView['state'] {
  if (cancelledAtMs !== undefined) return 'cancelled';
  if (nowMs >= toMs) return 'over';
  return nowMs < fromMs ? 'planned' : 'running';
}
