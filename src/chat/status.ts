import { formatInstant } from './cards/time.ts';

/** What the person should know all the time. */
export type ChatStatus = {
  readonly principal: string;
  /** The tenants one may act for; absent means all. */
  readonly tenants?: readonly string[];
  /** `built-in`, or the name of the model that reads the requests. */
  readonly agent: string;
  /** Number of the last ledger entry. */
  readonly seq: number;
  /** Where the ledger is. */
  readonly place: string;
  /** ISO 8601, when BERTH_NOW set the clock. */
  readonly clockSet?: string;
  readonly freeGpus?: number;
  readonly totalGpus?: number;
};

export type StatusReader = () => Promise<ChatStatus>;

/** The status as short phrases, the most important first. */
export function statusPhrases(status: ChatStatus): string[] {
  const { principal, tenants, agent, seq, place, clockSet, freeGpus, totalGpus } = status;
  const free =
    freeGpus === undefined || totalGpus === undefined ? [] : [`${freeGpus} of ${totalGpus} GPUs free`];
  return [
    ...(clockSet === undefined ? [] : [`clock set to ${formatInstant(clockSet)}`]),
    principal,
    tenants === undefined ? 'all tenants' : tenants.join(', ') || 'no tenant',
    agent === 'built-in'
      ? 'built-in interpreter, nothing leaves this machine'
      : `model ${agent}, which gets what is said and what tools answer`,
    `ledger entry ${seq}`,
    ...free,
    place,
  ];
}

/** The phrases, or why there are none. */
export async function readStatus(read: StatusReader): Promise<string[]> {
  try {
    return statusPhrases(await read());
  } catch (error) {
    return [`status unknown: ${error instanceof Error ? error.message : String(error)}`];
  }
}
