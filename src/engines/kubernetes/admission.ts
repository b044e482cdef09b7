import { type Contract, stateAt } from '../../model/contract.ts';
import { dnsLabel, partKey } from './names.ts';

/** What Kueue is told about a workload that waits for a contract (`status.admissionChecks[]`, v1beta2). */
export type Verdict =
  | {
      readonly state: 'Ready';
      readonly message: string;
      readonly podSetUpdates: readonly {
        readonly name: string;
        readonly nodeSelector: Readonly<Record<string, string>>;
      }[];
    }
  | { readonly state: 'Retry'; readonly message: string; readonly requeueAfterSeconds: number }
  | { readonly state: 'Rejected'; readonly message: string };

/** The field is an int32. */
const longestWaitS = 2 ** 31 - 1;

/**
 * `Ready` with the nodes of the contract while it runs, `Retry` with the seconds that are left before it starts,
 * `Rejected` once it has ended, or for pods that are no part of it. A rejected workload is not asked about again.
 */
export function admissionOf(contract: Contract, podSets: readonly string[], nowMs: number): Verdict {
  const { id, placement } = contract;
  const state = stateAt(contract, nowMs);
  if (state !== 'granted' && state !== 'bound' && state !== 'active')
    return { state: 'Rejected', message: `${id} is ${state}` };
  const keys = podSets.map((podSet) => ({ podSet, key: keyOfPodSet(contract, podSet) }));
  const stranger = keys.find(({ key }) => key === undefined);
  if (stranger !== undefined)
    return { state: 'Rejected', message: `pod set \`${stranger.podSet}\` is no part of ${id}` };
  const { startMs } = placement;
  if (nowMs < startMs) return waiting(id, startMs - nowMs);
  const podSetUpdates = keys.flatMap(({ podSet, key }) =>
    key === undefined ? [] : [{ name: podSet, nodeSelector: { [key]: 'true' } }],
  );
  return { state: 'Ready', message: `${id} has started`, podSetUpdates };
}

function waiting(id: string, leftMs: number): Verdict {
  const leftS = Math.min(longestWaitS, Math.ceil(leftMs / 1000));
  return { state: 'Retry', message: `${id} starts in ${leftS} s`, requeueAfterSeconds: leftS };
}

/** The label of the nodes for a pod set: the part of its name, or the only part whatever its job is called. */
function keyOfPodSet({ id, demand, placement }: Contract, podSet: string): string | undefined {
  const held = demand.parts.filter(({ name }) => placement.members.some(({ part }) => part === name));
  const named = held.find(({ name }) => dnsLabel(name, 41) === podSet);
  const part = named ?? (held.length === 1 ? held[0] : undefined);
  return part === undefined ? undefined : partKey(id, part.name);
}
