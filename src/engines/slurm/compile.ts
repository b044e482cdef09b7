import { EngineObject } from '../../model/binding.ts';
import { type Placement, seatsOf } from '../../model/placement.ts';
import { cleanText, compareText } from '../../model/text.ts';
import type { ClosedSubject, Compiled, EngineOptions, EngineSubject, GrantedSubject } from '../port.ts';
import {
  type DrainedNode,
  nodeKey,
  reasonMark,
  type Reservation,
  reservationKey,
  reservationName,
} from './body.ts';
import { type Extent, extentOf } from './extent.ts';
import { submitScripts } from './script.ts';
import { slurmTime } from './time.ts';

/** What may be said about a reservation. */
export const slurmOptions: EngineOptions = {
  users: 'who may submit into it, with commas; users or accounts are needed for a contract',
  accounts: 'the accounts that may, with commas; only Slurm with slurmdbd checks them',
  partition: 'the partition of it and of its jobs',
  gpus: 'parts of nodes as `nodes`: whole ones; `cores`: their cores; `tres`: GPUs and cores, by Slurm 23.11.6 or newer with slurmdbd',
  'per-node': '`yes` from Slurm 23.11.6 on, which takes no list of cores; read from the Slurm that is there',
  threads: 'threads of a core where CPUs are counted by threads: `2` for most x86 nodes; 1 without it',
  'ignore-jobs': '`yes`: hold nodes although other jobs still run there',
};

/** The objects of a contract or a window. Pure. */
export function compileSlurm(subject: EngineSubject, options: EngineOptions): Compiled {
  const fault = optionFault(options);
  if (fault !== undefined) return fault;
  return subject.kind === 'contract' ? compileContract(subject, options) : compileWindow(subject, options);
}

const safeList = /^[A-Za-z0-9_.@-]{1,60}(?:,[A-Za-z0-9_.@-]{1,60}){0,31}$/u;

const forms: Readonly<Record<string, RegExp>> = {
  users: safeList,
  accounts: safeList,
  partition: /^[A-Za-z0-9_.-]{1,60}$/u,
  gpus: /^(?:nodes|cores|tres)$/u,
  'per-node': /^(?:yes|no)$/u,
  threads: /^[1-8]$/u,
  'ignore-jobs': /^(?:yes|no)$/u,
};

function optionFault(options: EngineOptions): Extract<Compiled, { kind: 'unfit' }> | undefined {
  const wrong = Object.entries(options).find(([name, value]) => forms[name]?.test(value) !== true);
  if (wrong === undefined) return undefined;
  const [name, value] = wrong;
  const means = slurmOptions[name];
  return {
    kind: 'unfit',
    why: `slurm does not take the option \`${cleanText(`${name}=${value}`, 80)}\``,
    fix: means === undefined ? `use one of ${Object.keys(slurmOptions).join(', ')}` : `${name}: ${means}`,
  };
}

function compileContract(subject: GrantedSubject, options: EngineOptions): Compiled {
  if (options['users'] === undefined && options['accounts'] === undefined)
    return {
      kind: 'unfit',
      why: 'a reservation needs somebody who may use it',
      fix: 'say `--option users=…` or `--option accounts=…`',
    };
  const notes = new Set<string>();
  const reservations: Reservation[] = [];
  for (const placement of joined([subject.placement, ...subject.upcoming])) {
    const extent = extentOf(subject, placement, options);
    if (extent.kind === 'unfit') return extent;
    for (const note of extent.notes) notes.add(note);
    reservations.push(reservationOf(subject, placement, { extent, options, step: reservations.length }));
  }
  if (reservations.length > 1)
    notes.add(
      'what takes over later is held under a name of its own until then; bind again once it has taken over',
    );
  const files = submitScripts(subject, options);
  return {
    kind: 'compiled',
    objects: reservations.map(objectOf),
    notes: [...notes, ...files.notes],
    files: files.files,
  };
}

/** Placements that follow each other on the same nodes are one stretch: a contract that was made longer. */
function joined(placements: readonly Placement[]): readonly Placement[] {
  const all: Placement[] = [];
  for (const placement of placements) {
    const last = all.at(-1);
    if (last !== undefined && last.endMs === placement.startMs && sameSeats(last, placement))
      all[all.length - 1] = { ...placement, startMs: last.startMs };
    else all.push(placement);
  }
  return all;
}

function sameSeats(a: Placement, b: Placement): boolean {
  return seatsText(a) === seatsText(b);
}

function seatsText(placement: Placement): string {
  return seatsOf(placement)
    .map(({ node, gpus, cpuMilli }) => `${node} ${gpus.join(',')} ${cpuMilli}`)
    .toSorted(compareText)
    .join(';');
}

function reservationOf(
  { id }: GrantedSubject,
  { startMs, endMs }: Placement,
  {
    extent,
    options,
    step,
  }: { readonly extent: Extent; readonly options: EngineOptions; readonly step: number },
): Reservation {
  const { partition, users, accounts } = options;
  return {
    name: reservationName(id, step),
    nodes: [...extent.nodes],
    start: slurmTime(startMs),
    ...(endMs === undefined ? {} : { end: slurmTime(endMs) }),
    users: listed(users),
    accounts: listed(accounts),
    flags: options['ignore-jobs'] === 'yes' ? ['IGNORE_JOBS'] : [],
    ...(partition === undefined ? {} : { partition }),
    ...partOf(extent, options),
  };
}

/** How GPUs are reserved at all implies how cores are said. */
function partOf(
  { coresPerNode, gpusPerNode }: Extent,
  options: EngineOptions,
): Pick<Reservation, 'coresPerNode' | 'gpusPerNode' | 'isPerNode'> {
  if (coresPerNode === undefined) return {};
  const isPerNode = gpusPerNode !== undefined || options['per-node'] === 'yes';
  return {
    coresPerNode,
    ...(gpusPerNode === undefined ? {} : { gpusPerNode }),
    ...(isPerNode ? { isPerNode } : {}),
  };
}

function listed(value: string | undefined): string[] {
  return value === undefined ? [] : [...new Set(value.split(','))].toSorted(compareText);
}

function objectOf(reservation: Reservation): EngineObject {
  return EngineObject.parse({ key: reservationKey(reservation.name), body: reservation });
}

/** A window closes nodes by a maintenance reservation, and drains them while it runs. */
function compileWindow(subject: ClosedSubject, options: EngineOptions): Compiled {
  const { id, fromMs, toMs } = subject;
  const nodes = [...subject.nodes.values()].map(({ hostName }) => hostName).toSorted(compareText);
  const reservation: Reservation = {
    name: reservationName(id),
    nodes,
    start: slurmTime(fromMs),
    end: slurmTime(toMs),
    users: listed(options['users'] ?? 'root'),
    accounts: [],
    flags: ['IGNORE_JOBS', 'MAINT'],
  };
  const drained = nodes.map((node): DrainedNode => {
    // Not the words of whoever closed it: those can be erased here, and not there.
    return { node, reason: `${reasonMark(id)}maintenance`, start: slurmTime(fromMs), end: slurmTime(toMs) };
  });
  return {
    kind: 'compiled',
    objects: [
      objectOf(reservation),
      ...drained.map((body) => ({ key: nodeKey(body.node), body: { ...body } })),
    ],
    notes: ['jobs that run when it begins go on until they end: a drained node takes no new ones'],
    files: [],
  };
}
