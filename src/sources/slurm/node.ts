import type { Place } from '../collected.ts';
import { gpusInTres, readGres } from './gres.ts';
import { expandHostlist } from './hostlist.ts';
import type { SlurmRecord } from './record.ts';
import { statesOf } from './state.ts';

/** A node as Slurm sees it running, or as its configuration says that it should be. */
export type SlurmNode = {
  readonly name: string;
  readonly from: 'seen' | 'configured';
  readonly at: Place;
  readonly hostName: string | undefined;
  readonly cpus: number | undefined;
  readonly sockets: number | undefined;
  readonly coresPerSocket: number | undefined;
  readonly memoryMib: number | undefined;
  readonly diskMib: number | undefined;
  readonly gres: string | undefined;
  /** GPUs that jobs hold; nothing where the listing does not count them. */
  readonly gpusHeld: number | undefined;
  readonly states: readonly string[];
  readonly reason: string | undefined;
  /** Nothing where the listing leaves them out. */
  readonly partitions: readonly string[] | undefined;
  readonly features: string | undefined;
  readonly reservation: string | undefined;
  readonly watts: number | undefined;
};

/** A record of `scontrol show node`, or a `NodeName` line of a configuration: then one node for each of its names. */
export function nodesOf(
  record: SlurmRecord,
  defaults: ReadonlyMap<string, string>,
): { readonly nodes: readonly SlurmNode[]; readonly why?: string } {
  const { fields } = record;
  const isSeen = ['arch', 'cputot', 'cpualloc', 'cfgtres', 'cpuload'].some((name) => fields.has(name));
  const merged = isSeen ? fields : new Map([...defaults, ...fields]);
  const { names, why } = expandHostlist(fields.get('nodename') ?? '');
  if (names === undefined) return { nodes: [], why };
  const body = isSeen ? seenBody(merged) : configuredBody(merged);
  const hosts = hostNames(merged.get('nodehostname'), names);
  return {
    nodes: names.map((name, index) => ({ ...body, name, hostName: hosts?.[index], at: record })),
  };
}

type Body = Omit<SlurmNode, 'name' | 'hostName' | 'at'>;

function seenBody(fields: ReadonlyMap<string, string>): Body {
  const number = (name: string) => wholeOf(fields.get(name));
  const states = statesOf(fields.get('state') ?? '');
  const memory = number('realmemory');
  return {
    from: 'seen',
    cpus: number('cpuefctv') ?? number('cputot'),
    sockets: number('sockets'),
    coresPerSocket: number('corespersocket'),
    memoryMib: memory === undefined ? undefined : memory - (number('memspeclimit') ?? 0),
    diskMib: number('tmpdisk'),
    gres: fields.get('gres'),
    gpusHeld: heldOf({
      used: fields.get('gresused'),
      allocated: fields.get('alloctres'),
      counted: gpusInTres(fields.get('cfgtres') ?? '') !== undefined,
      states,
    }),
    states,
    reason: fields.get('reason'),
    partitions: fields
      .get('partitions')
      ?.split(',')
      .filter((name) => name !== ''),
    features: fields.get('activefeatures') ?? fields.get('availablefeatures'),
    reservation: fields.get('reservationname'),
    watts: number('currentwatts'),
  };
}

function configuredBody(fields: ReadonlyMap<string, string>): Body {
  const number = (name: string) => wholeOf(fields.get(name));
  const sockets = number('sockets') ?? product([number('boards') ?? 1, number('socketsperboard')]);
  const coresPerSocket = number('corespersocket');
  const threads = product([sockets, coresPerSocket, number('threadspercore') ?? 1]);
  const memory = number('realmemory');
  return {
    from: 'configured',
    cpus: number('cpus') ?? number('procs') ?? threads,
    sockets,
    coresPerSocket,
    memoryMib: memory === undefined ? undefined : memory - (number('memspeclimit') ?? 0),
    diskMib: number('tmpdisk'),
    gres: fields.get('gres'),
    gpusHeld: undefined,
    states: statesOf(fields.get('state') ?? ''),
    reason: fields.get('reason'),
    partitions: undefined,
    features: fields.get('feature') ?? fields.get('features'),
    reservation: undefined,
    watts: undefined,
  };
}

function product(factors: readonly (number | undefined)[]): number | undefined {
  return factors.reduce<number | undefined>(
    (made, factor) => (made === undefined || factor === undefined ? undefined : made * factor),
    1,
  );
}

/**
 * GPUs that jobs hold. A state does not tell: a node whose GPUs are all taken is `MIXED` as long as it has free CPUs.
 * `AllocTRES` counts GPUs only where `AccountingStorageTRES` names them, which `CfgTRES` shows.
 */
export function heldOf(said: {
  readonly used: string | undefined;
  readonly allocated: string | undefined;
  readonly counted: boolean;
  readonly states: readonly string[];
}): number | undefined {
  if (said.used !== undefined) return readGres(said.used).gpus.reduce((sum, { count }) => sum + count, 0);
  if (said.counted) return gpusInTres(said.allocated ?? '') ?? 0;
  return said.states.includes('IDLE') && !said.states.some((state) => state.startsWith('COMP'))
    ? 0
    : undefined;
}

/** Host names stand beside node names, one each, or one for all of them. */
function hostNames(text: string | undefined, names: readonly string[]): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const hosts = expandHostlist(text).names;
  if (hosts?.length === names.length) return hosts;
  const [only] = hosts ?? [];
  return hosts?.length === 1 && only !== undefined ? names.map(() => only) : undefined;
}

/** A whole number that is no placeholder. Slurm writes 2^32-2 for nothing and 2^32-1 for endless. */
export function wholeOf(text: string | undefined): number | undefined {
  const [digits] = /^\d{1,15}$/u.exec(text ?? '') ?? [];
  if (digits === undefined) return undefined;
  const value = Number(digits);
  return value >= 2 ** 32 - 16 && value < 2 ** 32 ? undefined : value;
}
