import { z } from 'zod';

import { cleanText, compareText } from '../../model/text.ts';
import type { Collected, Place } from '../collected.ts';
import { invalidFile } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import type { Evidence } from '../source.ts';
import { readDocuments } from '../structured.ts';
import { gpusInTres } from './gres.ts';
import { expandHostlist } from './hostlist.ts';
import { heldOf, type SlurmNode, wholeOf } from './node.ts';
import { statesOf } from './state.ts';

/** Nodes that somebody may use alone for a time. */
export type Reservation = {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly from: string;
  readonly until: string;
  readonly flags: readonly string[];
  readonly users: string;
  readonly at: Place;
};

export type Partition = {
  readonly name: string;
  readonly state: string;
  /** Where the listing names them one by one: a configuration may also name sets of nodes. */
  readonly nodes: readonly string[];
  readonly at: Place;
};

export type SlurmListing = {
  readonly nodes: readonly SlurmNode[];
  readonly reservations: readonly Reservation[];
  readonly partitions: readonly Partition[];
};

const expected = 'what `sinfo --json`, `scontrol show node --json` or slurmrestd answers';

/**
 * A JSON answer of Slurm: `nodes` of 21.08 to 23.02 and of slurmrestd, `sinfo` of 23.11 and later, `reservations`,
 * `partitions`. Numbers come plain or as `{set, infinite, number}`, lists as lists or as text joined by commas.
 */
export function readListing(evidence: Evidence, text: string, collected: Collected): SlurmListing {
  const [document] = readDocuments(evidence, text);
  const parsed = Answer.safeParse(document?.value);
  if (document === undefined || !parsed.success) throw wrongFormat(evidence, text, 'slurm', expected);
  const { nodes, sinfo, reservations, partitions, jobs } = parsed.data;
  if (nodes === undefined && sinfo === undefined && reservations === undefined && partitions === undefined)
    throw unread(evidence, text, jobs !== undefined);
  const placed = <T>(items: readonly unknown[] | null | undefined, schema: z.ZodType<T>, what: string) =>
    (items ?? []).flatMap((item, index) => {
      const at: Place = { evidence, line: document.lineOf([what, index]) };
      const read = schema.safeParse(item);
      if (read.success) return [{ ...read.data, at }];
      const [issue] = read.error.issues;
      const why = `entry ${index + 1} of \`${what}\` has no usable \`${cleanText(issue?.path.join('.') ?? '', 60)}\``;
      collected.gap({ attribute: what, why, at });
      return [];
    });
  return {
    nodes: [
      ...placed(nodes, RestNode, 'nodes').map(restNode),
      ...merged(placed(sinfo, SinfoEntry, 'sinfo').flatMap(sinfoNodes)),
    ],
    reservations: placed(reservations, RestReservation, 'reservations').map(restReservation),
    partitions: placed(partitions, RestPartition, 'partitions'),
  };
}

function unread(evidence: Evidence, text: string, isJobs: boolean) {
  if (/"openapi"\s*:/u.test(text.slice(0, 10_000)))
    return invalidFile(
      evidence,
      'describes the interface of slurmrestd, not a cluster',
      `hand in ${expected}`,
    );
  if (!isJobs) return wrongFormat(evidence, text, 'slurm', expected);
  return invalidFile(evidence, 'lists jobs, which are no inventory', `hand in ${expected}`);
}

const list = z.array(z.unknown()).nullish();
const Answer = z.object({ nodes: list, sinfo: list, reservations: list, partitions: list, jobs: list });

/** Plain, as text, or wrapped with its being set. Placeholders, negative and endless numbers are none. */
const number = z
  .unknown()
  .optional()
  .transform((value): number | undefined => {
    const wrapped = z.object({
      set: z.boolean().optional(),
      infinite: z.boolean().optional(),
      number: z.number(),
    });
    const { data } = wrapped.safeParse(value);
    if (data !== undefined)
      return data.set === false || data.infinite === true ? undefined : whole(data.number);
    return typeof value === 'string' ? wholeOf(value) : whole(value);
  });

function whole(value: unknown): number | undefined {
  return typeof value === 'number' ? wholeOf(String(Math.trunc(value))) : undefined;
}

const text = z.string().nullish().catch(undefined);

/** A list, or text with commas. */
const words = z
  .unknown()
  .optional()
  .transform((value): readonly string[] | undefined => {
    if (typeof value === 'string') return value.split(',').filter((word) => word !== '');
    return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : undefined;
  });

const name = z.string().min(1).max(1000);

const RestNode = z.object({
  name,
  hostname: text,
  cpus: number,
  effective_cpus: number,
  sockets: number,
  cores: number,
  real_memory: number,
  specialized_memory: number,
  temporary_disk: number,
  gres: text,
  gres_used: text,
  tres: text,
  tres_used: text,
  state: words,
  state_flags: words,
  reason: text,
  partitions: words,
  features: words,
  active_features: words,
  reservation: text,
  energy: z.object({ current_watts: number }).nullish().catch(undefined),
});

type Placed<T extends z.ZodType> = z.infer<T> & { readonly at: Place };

function restNode(node: Placed<typeof RestNode>): SlurmNode {
  const states = statesOf(...(node.state ?? []), ...(node.state_flags ?? []));
  return {
    name: node.name,
    from: 'seen',
    at: node.at,
    hostName: node.hostname ?? undefined,
    cpus: node.effective_cpus ?? node.cpus,
    sockets: node.sockets,
    coresPerSocket: node.cores,
    memoryMib: node.real_memory === undefined ? undefined : node.real_memory - (node.specialized_memory ?? 0),
    diskMib: node.temporary_disk,
    gres: node.gres ?? undefined,
    gpusHeld: heldOf({
      used: node.gres_used ?? undefined,
      allocated: node.tres_used ?? undefined,
      counted: gpusInTres(node.tres ?? '') !== undefined,
      states,
    }),
    states,
    reason: node.reason ?? undefined,
    partitions: node.partitions,
    features: (node.active_features ?? node.features)?.join(','),
    reservation: node.reservation ?? undefined,
    watts: node.energy?.current_watts,
  };
}

/** The same of all nodes of a group; different ones have no single value. */
const Range = z
  .object({ minimum: number, maximum: number })
  .nullish()
  .catch(undefined)
  .transform((range) => (range?.minimum === range?.maximum ? range?.maximum : undefined));

const SinfoEntry = z.object({
  nodes: z.object({ nodes: words }),
  node: z.object({ state: words }).nullish().catch(undefined),
  cpus: Range,
  sockets: Range,
  cores: Range,
  memory: Range,
  disk: Range,
  gres: z.object({ total: text, used: text }).nullish().catch(undefined),
  features: z.object({ total: text, active: text }).nullish().catch(undefined),
  reason: z.object({ description: text }).nullish().catch(undefined),
  reservation: text,
  partition: z.object({ name: text }).nullish().catch(undefined),
});

/** An entry of `sinfo`: the nodes of one partition that look alike. */
function sinfoNodes(entry: Placed<typeof SinfoEntry>): SlurmNode[] {
  const states = statesOf(...(entry.node?.state ?? []));
  const used = entry.gres?.used ?? undefined;
  const names = (entry.nodes.nodes ?? []).flatMap((word) => expandHostlist(word).names ?? []);
  const partition = entry.partition?.name ?? undefined;
  return names.map((node) => ({
    name: node,
    from: 'seen',
    at: entry.at,
    hostName: undefined,
    cpus: entry.cpus,
    sockets: entry.sockets,
    coresPerSocket: entry.cores,
    memoryMib: entry.memory,
    diskMib: entry.disk,
    gres: entry.gres?.total ?? undefined,
    gpusHeld: heldOf({ used, allocated: undefined, counted: false, states }),
    states,
    reason: entry.reason?.description ?? undefined,
    partitions: partition === undefined ? undefined : [partition],
    features: entry.features?.active ?? entry.features?.total ?? undefined,
    reservation: entry.reservation ?? undefined,
    watts: undefined,
  }));
}

/** A node stands once for each of its partitions. */
function merged(nodes: readonly SlurmNode[]): SlurmNode[] {
  const byName = Map.groupBy(nodes, (node) => node.name);
  return [...byName.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const partitions = [...new Set(same.flatMap((node) => node.partitions ?? []))].toSorted(compareText);
    return [{ ...first, partitions }];
  });
}

const RestReservation = z.object({
  name,
  node_list: text,
  start_time: number,
  end_time: number,
  flags: words,
  users: text,
  accounts: text,
});

function instant(seconds: number | undefined): string {
  return seconds === undefined || seconds > 4_102_444_800
    ? 'an unknown time'
    : new Date(seconds * 1000).toISOString();
}

function restReservation(entry: Placed<typeof RestReservation>): Reservation {
  return {
    name: entry.name,
    nodes: expandHostlist(entry.node_list ?? '').names ?? [],
    from: instant(entry.start_time),
    until: instant(entry.end_time),
    flags: entry.flags ?? [],
    users: [entry.users, entry.accounts].filter(Boolean).join(' and '),
    at: entry.at,
  };
}

const RestPartition = z
  .object({
    name,
    state: z.union([text, z.array(z.string())]).optional(),
    nodes: z
      .union([text, z.object({ configured: text })])
      .optional()
      .catch(undefined),
    partition: z.object({ state: words }).nullish().catch(undefined),
  })
  .transform((entry) => ({
    name: entry.name,
    state: statesOf(...(entry.partition?.state ?? []), ...[entry.state ?? []].flat()).join('+'),
    nodes:
      expandHostlist((typeof entry.nodes === 'string' ? entry.nodes : entry.nodes?.configured) ?? '').names ??
      [],
  }));
