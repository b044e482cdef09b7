import type { Usage } from '../agent/agent.ts';
import { formatCount, formatEur, formatWatts } from './cards/amount.ts';
import { type Line, lineWidth, span, type Tone } from './cards/line.ts';
import { formatInstant } from './cards/time.ts';
import { usageWords } from './cards/turn.ts';

/** What the person should know all the time. */
export type ChatStatus = {
  readonly principal: string;
  /** The tenants one may act for; absent means all. */
  readonly tenants?: readonly string[];
  /** The sites whose capacity one sees; absent where nobody has counted them. */
  readonly sites?: readonly string[];
  /** `built-in`, or the name of the model that reads the requests. */
  readonly agent: string;
  /** The model that failed, so that the built-in reader stands in for it. */
  readonly insteadOf?: string;
  /** What the model has used so far. */
  readonly used?: Usage;
  /** Number of the last ledger entry. */
  readonly seq: number;
  /** Where the ledger is. */
  readonly place: string;
  /** The session in which this chat is recorded; absent before its first turn. */
  readonly session?: string;
  /** Why it is not recorded. */
  readonly unrecorded?: string;
  /** Why nothing can be changed now. */
  readonly readOnly?: string;
  /** ISO 8601, when BERTH_NOW set the clock. */
  readonly clockSet?: string;
  readonly freeGpus?: number;
  readonly totalGpus?: number;
  /** Watts that are promised to nobody, over all racks whose limit is known. */
  readonly freeW?: number;
};

export type StatusReader = () => Promise<ChatStatus>;

/** A status, why there is none, or none yet. */
export type ShownStatus = ChatStatus | { readonly failed: string } | undefined;

/** Something worth saying all the time: in full, in short where there is little room, and how important it is. */
type Phrase = { readonly full: string; readonly short: string; readonly rank: number; readonly tone?: Tone };

/** The status as phrases, the most important first. */
export function statusPhrases(status: ShownStatus): string[] {
  if (status === undefined) return ['status not read yet'];
  if ('failed' in status) return [status.failed];
  return phrasesOf(status)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ full }) => full);
}

/** One row: as many phrases as fit, in short, without those that matter least. */
export function statusLine(status: ShownStatus, columns: number): Line {
  if (status === undefined) return [];
  if ('failed' in status) return [span(status.failed, 'warn')];
  const kept = phrasesOf(status);
  while (kept.length > 1 && lineWidth(joined(kept)) > columns) {
    const least = Math.max(...kept.map(({ rank }) => rank));
    kept.splice(
      kept.findIndex(({ rank }) => rank === least),
      1,
    );
  }
  return joined(kept);
}

/** The status, or why there is none. */
export async function readStatus(read: StatusReader): Promise<ShownStatus> {
  try {
    return await read();
  } catch (error) {
    return { failed: `status unknown: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** In the order in which they stand in the row. */
function phrasesOf(status: ChatStatus): Phrase[] {
  const { principal, tenants, sites, seq, place, clockSet, readOnly } = status;
  return [
    ...(readOnly === undefined
      ? []
      : [{ full: `read-only: ${readOnly}`, short: 'read-only', rank: 1, tone: 'bad' as const }]),
    { full: principal, short: principal.replace(/^person:/, ''), rank: 2 },
    tenants === undefined
      ? { full: 'all tenants', short: 'all tenants', rank: 7 }
      : { full: listOf(tenants), short: listOf(tenants), rank: 3 },
    ...(sites === undefined ? [] : [{ full: `sites ${sites.join(', ')}`, short: siteWords(sites), rank: 9 }]),
    readerPhrase(status),
    ...usagePhrases(status),
    ...capacityPhrases(status),
    { full: `ledger entry ${seq}`, short: `entry ${seq}`, rank: 5 },
    ...(clockSet === undefined
      ? []
      : [
          {
            full: `clock set to ${formatInstant(clockSet)}`,
            short: 'clock set',
            rank: 8,
            tone: 'warn' as const,
          },
        ]),
    ...recordedPhrases(status),
    { full: place, short: place, rank: 12 },
  ];
}

function recordedPhrases({ session, unrecorded }: ChatStatus): Phrase[] {
  if (unrecorded !== undefined)
    return [{ full: `not recorded: ${unrecorded}`, short: 'not recorded', rank: 10, tone: 'warn' }];
  return session === undefined ? [] : [{ full: `session ${session}`, short: session, rank: 11 }];
}

function listOf(tenants: readonly string[]): string {
  return tenants.join(', ') || 'no tenant';
}

function siteWords(sites: readonly string[]): string {
  return sites.length === 1 ? `site ${sites[0] ?? ''}` : `${sites.length} sites`;
}

function readerPhrase({ agent, insteadOf }: ChatStatus): Phrase {
  if (agent !== 'built-in')
    return { full: `model ${agent}, which gets what is said and what tools answer`, short: agent, rank: 3 };
  if (insteadOf === undefined)
    return { full: 'built-in interpreter, nothing leaves this machine', short: 'built-in', rank: 6 };
  const full = `built-in interpreter, because the model ${insteadOf} failed`;
  return { full, short: 'built-in (model failed)', rank: 1, tone: 'warn' };
}

/** Tokens, and euros where the price of a million of them is known. */
function usagePhrases({ used }: ChatStatus): Phrase[] {
  if (used === undefined || used.modelCalls === 0) return [];
  const { inputTokens, outputTokens, costMicroEur } = used;
  const cost = costMicroEur === undefined ? '' : `, ${formatEur(costMicroEur)}`;
  const short = `${formatCount(inputTokens + outputTokens)} tokens${cost}`;
  return [{ full: `model so far: ${usageWords(used)}`, short, rank: 10 }];
}

/** GPUs and power that are promised to nobody. */
function capacityPhrases({ freeGpus, totalGpus, freeW }: ChatStatus): Phrase[] {
  if (freeGpus === undefined || totalGpus === undefined) return [];
  const watts = freeW === undefined ? '' : `, ${formatWatts(freeW)}`;
  const full = `${freeGpus} of ${totalGpus} GPUs free${watts === '' ? '' : `${watts} of power in racks`}`;
  return [{ full, short: `${freeGpus}/${totalGpus} GPUs${watts} free`, rank: 4 }];
}

function joined(phrases: readonly Phrase[]): Line {
  return phrases.flatMap(({ short, tone = 'dim' }, i) => [
    ...(i === 0 ? [] : [span(' | ', 'dim')]),
    span(short, tone),
  ]);
}
