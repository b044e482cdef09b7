import { EngineObject } from '../../model/binding.ts';
import { cleanText, compareText } from '../../model/text.ts';
import type { Reading } from '../port.ts';
import { type RunProgram, show } from './ask.ts';
import {
  type FoundNode,
  type FoundReservation,
  isNamedFor,
  nodeKey,
  reasonMark,
  reservationKey,
} from './body.ts';
import { contestedBy, type Names } from './contested.ts';
import { isDrained } from './differences.ts';
import { listOf, recordsOf, type SlurmRecord } from './record.ts';
import { slurmTimeMs } from './time.ts';

type Fault = Extract<Reading, { kind: 'unreachable' | 'unreadable' }>;

/** Everything in Slurm that carries a subject's id, and the nodes that it names. */
export async function readSlurm(
  run: RunProgram,
  { id, keys }: { readonly id: string; readonly keys: readonly string[] },
): Promise<Reading> {
  const listing = await listed(run, 'reservation', 'ReservationName');
  if (listing.kind !== 'records') return listing;
  const nodes = await listed(run, 'node', 'NodeName');
  if (nodes.kind !== 'records') return nodes;
  const byName = new Map(nodes.records.map((record) => [record.get('NodeName') ?? '', record]));
  const objects: EngineObject[] = [];
  for (const record of listing.records) {
    if (!isNamedFor(id, record.get('ReservationName') ?? '')) continue;
    const names = await namesOf(run, record.get('Nodes'));
    if (names.kind !== 'names') return names;
    const rivals = listing.records.filter((other) => !isNamedFor(id, other.get('ReservationName') ?? ''));
    const contested = await contestedBy(record, names.names, {
      rivals,
      namesOf: (hostlist) => namesOf(run, hostlist),
    });
    const found = foundReservation(record, { nodes: names.names, byName, contested });
    if (found === undefined) return { kind: 'unreadable', why: unreadable(record) };
    objects.push(EngineObject.parse({ key: reservationKey(found.name), body: found }));
  }
  return { kind: 'read', objects: [...objects, ...nodeObjects(byName, id, new Set(keys))] };
}

type Records = { readonly kind: 'records'; readonly records: readonly SlurmRecord[] } | Fault;

/** A listing; none of a kind is an empty one. What is neither is not taken for one. */
async function listed(run: RunProgram, what: string, key: string): Promise<Records> {
  const shown = await show(run, ['-o', 'show', what]);
  if (shown.kind !== 'shown') return shown;
  const records = recordsOf(shown.text, key);
  if (records.length > 0 || /^No (?:reservations|nodes) in the system/mu.test(shown.text))
    return { kind: 'records', records };
  return {
    kind: 'unreadable',
    why: `scontrol show ${what} answered ${cleanText(shown.text, 120) || 'nothing'}`,
  };
}

/** Slurm's own reading of its host lists. */
async function namesOf(run: RunProgram, hostlist: string | undefined): Promise<Names | Fault> {
  if (hostlist === undefined) return { kind: 'names', names: [] };
  if (!/[[\]]/u.test(hostlist)) return { kind: 'names', names: hostlist.split(',') };
  const shown = await show(run, ['show', 'hostnames', hostlist]);
  if (shown.kind !== 'shown') return shown;
  return { kind: 'names', names: shown.text.split('\n').filter((name) => name !== '') };
}

function foundReservation(
  record: SlurmRecord,
  {
    nodes,
    byName,
    contested,
  }: {
    readonly nodes: readonly string[];
    readonly byName: ReadonlyMap<string, SlurmRecord>;
    readonly contested: readonly string[];
  },
): FoundReservation | undefined {
  const [name, start, end] = [record.get('ReservationName'), record.get('StartTime'), record.get('EndTime')];
  if (name === undefined || slurmTimeMs(start ?? '') === undefined || slurmTimeMs(end ?? '') === undefined)
    return undefined;
  const cores = record.get('CoreCnt');
  const coreCount = cores === undefined ? undefined : Number(cores);
  if (coreCount !== undefined && !Number.isSafeInteger(coreCount)) return undefined;
  const wholeCores = coresOf(nodes, byName);
  const partition = record.get('PartitionName');
  const tres = record.get('TRES');
  return {
    name,
    nodes: [...nodes].toSorted(compareText),
    start: start ?? '',
    ...(end === undefined ? {} : { end }),
    users: [...listOf(record.get('Users'))],
    accounts: [...listOf(record.get('Accounts'))],
    flags: [...listOf(record.get('Flags'))],
    ...(partition === undefined ? {} : { partition }),
    ...(coreCount === undefined ? {} : { coreCount }),
    ...(coreCount === undefined || wholeCores === undefined ? {} : { isWhole: coreCount === wholeCores }),
    ...(tres === undefined ? {} : { tres }),
    unusable: nodes.flatMap((node) => unusable(node, byName.get(node))),
    contested: [...contested],
  };
}

/** All cores of some nodes; nothing where one of them does not say. */
function coresOf(nodes: readonly string[], byName: ReadonlyMap<string, SlurmRecord>): number | undefined {
  const counts = nodes.map((node) => {
    const record = byName.get(node);
    return Number(record?.get('Sockets')) * Number(record?.get('CoresPerSocket'));
  });
  return counts.every((count) => Number.isSafeInteger(count))
    ? counts.reduce((sum, count) => sum + count, 0)
    : undefined;
}

/** States in which a node of a reservation takes no jobs. */
const outOfUse = /DOWN|DRAIN|FAIL|UNKNOWN|NOT_RESPONDING|\*/u;

function unusable(node: string, record: SlurmRecord | undefined): readonly string[] {
  const state = record?.get('State');
  if (state === undefined) return [`${node} is not known to Slurm any more`];
  if (!outOfUse.test(state)) return [];
  return [cleanText(`${node} is ${state}, ${reasonOf(record) ?? 'no reason given'}`, 300)];
}

/** Without who wrote it and when. */
function reasonOf(record: SlurmRecord | undefined): string | undefined {
  return record?.get('Reason')?.replace(/ \[[^[\]]*\]$/u, '');
}

/** The nodes that are asked for, and those that were drained for the subject. */
function nodeObjects(
  byName: ReadonlyMap<string, SlurmRecord>,
  id: string,
  keys: ReadonlySet<string>,
): readonly EngineObject[] {
  return [...byName].flatMap(([node, record]) => {
    const reason = reasonOf(record);
    const state = record.get('State') ?? 'UNKNOWN';
    // A reason may outlive what it was given for.
    const isOurs = reason?.startsWith(reasonMark(id)) === true && isDrained(state);
    if (!keys.has(nodeKey(node)) && !isOurs) return [];
    const found: FoundNode = { node, state, reason: cleanText(reason ?? '', 300) };
    return [EngineObject.parse({ key: nodeKey(node), body: found })];
  });
}

function unreadable(record: SlurmRecord): string {
  return `the reservation ${cleanText(record.get('ReservationName') ?? '', 60)} is listed in a form that this version cannot read`;
}

/** Reservations of others that hold one of these nodes, for people who look for what is in the way. */
export async function holdersOf(run: RunProgram, wanted: readonly string[]): Promise<readonly string[]> {
  const listing = await listed(run, 'reservation', 'ReservationName');
  if (listing.kind !== 'records') return [];
  const asked = new Set(wanted);
  const holders: string[] = [];
  for (const record of listing.records) {
    const names = await namesOf(run, record.get('Nodes'));
    if (names.kind === 'names' && names.names.some((name) => asked.has(name)))
      holders.push(cleanText(record.get('ReservationName') ?? '', 60));
  }
  return holders;
}
