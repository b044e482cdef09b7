import type { EngineObject } from '../../model/binding.ts';
import { compareText } from '../../model/text.ts';
import { DrainedNode, FoundNode, FoundReservation, Reservation } from './body.ts';
import { foldHostlist } from './hostlist.ts';
import { slurmTime, slurmTimeMs } from './time.ts';

/** An open-ended reservation ends after a year in Slurm; with less than this left it is to be made longer. */
const openEndedLeftMs = 30 * 86_400_000;

/** How what was read back falls short of what is wanted at `atMs`, a line each. */
export function slurmDifferences(wanted: EngineObject, found: EngineObject, atMs: number): readonly string[] {
  const reservation = Reservation.safeParse(wanted.body);
  const foundReservation = FoundReservation.safeParse(found.body);
  if (reservation.success && foundReservation.success)
    return reservationGaps(reservation.data, foundReservation.data, atMs);
  const node = DrainedNode.safeParse(wanted.body);
  const foundNode = FoundNode.safeParse(found.body);
  if (node.success && foundNode.success) return nodeGaps(node.data, foundNode.data, atMs);
  return ['it is of another kind than what is wanted'];
}

/** A window is there to keep jobs away; in a contract a node that takes none is a promise that is not kept. */
function reservationGaps(wanted: Reservation, found: FoundReservation, atMs: number): readonly string[] {
  const gaps = gapsOf(wanted, found, atMs).map(({ text }) => text);
  return wanted.flags.includes('MAINT') ? gaps : [...gaps, ...found.unusable, ...found.contested];
}

/** One thing that differs, and what `scontrol update` is told to mend it; nothing where only making it anew does. */
export type Gap = { readonly text: string; readonly update?: readonly string[] };

/** What of a reservation can be mended. */
export function gapsOf(wanted: Reservation, found: FoundReservation, atMs: number): readonly Gap[] {
  return [...extentGaps(wanted, found), ...timeGaps(wanted, found, atMs), ...userGaps(wanted, found)];
}

function extentGaps(wanted: Reservation, found: FoundReservation): readonly Gap[] {
  const isCoreBased = wanted.coresPerNode !== undefined || found.isWhole === false;
  const gaps: Gap[] = [];
  if (!isSame(wanted.nodes, found.nodes)) {
    const text = `holds ${foldHostlist(found.nodes) || 'no node'}, wanted ${foldHostlist(wanted.nodes)}`;
    // Slurm: "Core-based reservation can not be updated".
    gaps.push(isCoreBased ? { text } : { text, update: [`Nodes=${foldHostlist(wanted.nodes)}`] });
  }
  const cores = coreText(wanted, found);
  return cores === undefined ? gaps : [...gaps, { text: cores }];
}

function coreText(wanted: Reservation, found: FoundReservation): string | undefined {
  if (wanted.gpus !== undefined) {
    const has = gpusIn(found.tres);
    return has === wanted.gpus ? undefined : `holds ${has} GPUs, wanted ${wanted.gpus}`;
  }
  if (wanted.coresPerNode === undefined)
    return found.isWhole === false ? `holds ${found.coreCount ?? 0} cores, wanted whole nodes` : undefined;
  if (!isSame(wanted.nodes, found.nodes)) return undefined;
  const gpus = gpusIn(found.tres);
  const wantedGpus = (wanted.gpusPerNode ?? 0) * wanted.nodes.length;
  if (gpus !== wantedGpus) return `holds ${gpus} GPUs, wanted ${wantedGpus}`;
  const cores = wanted.coresPerNode * wanted.nodes.length;
  return found.coreCount === cores ? undefined : `holds ${found.coreCount ?? 0} cores, wanted ${cores}`;
}

/** `cpu=8,gres/gpu=4` or `gres/gpu:h100=4`. */
function gpusIn(tres: string | undefined): number {
  const plain = /(?:^|,)gres\/gpu=(\d{1,9})(?:,|$)/u.exec(tres ?? '')?.[1];
  if (plain !== undefined) return Number(plain);
  const typed = [...(tres ?? '').matchAll(/(?:^|,)gres\/gpu:[^=,]+=(\d{1,9})/gu)];
  return typed.reduce((sum, [, count]) => sum + Number(count), 0);
}

function timeGaps(wanted: Reservation, found: FoundReservation, atMs: number): readonly Gap[] {
  return [...startGaps(wanted, found, atMs), ...endGaps(wanted, found, atMs)];
}

/** One that has begun cannot begin later: Slurm says "Reservation already started". A start that has passed counts as now. */
function startGaps(wanted: Reservation, found: FoundReservation, atMs: number): readonly Gap[] {
  const begunMs = slurmTimeMs(found.start) ?? 0;
  const wantedMs = slurmTimeMs(wanted.start) ?? 0;
  if (begunMs === wantedMs || (begunMs <= atMs && wantedMs <= atMs)) return [];
  const text = `begins ${found.start}, wanted ${wanted.start}`;
  if (begunMs <= atMs) return [{ text }];
  return [{ text, update: [`StartTime=${startText(wanted.start, atMs)}`] }];
}

/** Slurm refuses a start that has passed. */
export function startText(start: string, atMs: number): string {
  return (slurmTimeMs(start) ?? 0) <= atMs ? 'now' : start;
}

function endGaps(wanted: Reservation, found: FoundReservation, atMs: number): readonly Gap[] {
  const { end: ends = '' } = found;
  if (wanted.end !== undefined)
    return ends === wanted.end
      ? []
      : [{ text: `ends ${ends}, wanted ${wanted.end}`, update: [`EndTime=${wanted.end}`] }];
  if ((slurmTimeMs(ends) ?? 0) >= atMs + openEndedLeftMs) return [];
  const later = slurmTime(atMs + 365 * 86_400_000);
  return [{ text: `ends ${ends}, wanted open-ended`, update: [`EndTime=${later}`] }];
}

function userGaps(wanted: Reservation, found: FoundReservation): readonly Gap[] {
  const gaps: Gap[] = [];
  if (!isSame(wanted.users, found.users) || !isSame(wanted.accounts, found.accounts))
    gaps.push({
      text: `is for ${whoText(found)}, wanted ${whoText(wanted)}`,
      update: [`Users=${wanted.users.join(',')}`, `Accounts=${wanted.accounts.join(',')}`],
    });
  const missing = wanted.flags.filter((flag) => !found.flags.includes(flag));
  if (missing.length > 0)
    gaps.push({
      text: `lacks ${missing.join(', ')}`,
      update: missing.map((flag) => `Flags+=${flag}`),
    });
  if (wanted.partition !== undefined && wanted.partition !== found.partition)
    gaps.push({
      text: `is in partition ${found.partition ?? 'none'}, wanted ${wanted.partition}`,
      update: [`PartitionName=${wanted.partition}`],
    });
  return gaps;
}

function whoText({ users, accounts }: Pick<Reservation, 'users' | 'accounts'>): string {
  const who = [...users, ...accounts.map((account) => `account ${account}`)];
  return who.length === 0 ? 'nobody' : who.join(', ');
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  const sorted = b.toSorted(compareText);
  return a.length === b.length && a.toSorted(compareText).every((one, at) => one === sorted[at]);
}

/** A window drains its nodes while it runs, and not before. */
function nodeGaps(wanted: DrainedNode, found: FoundNode, atMs: number): readonly string[] {
  if (atMs < (slurmTimeMs(wanted.start) ?? 0) || atMs >= (slurmTimeMs(wanted.end) ?? 0)) return [];
  return isDrained(found.state) ? [] : [`is ${found.state}, wanted drained`];
}

export function isDrained(state: string): boolean {
  return /DRAIN/u.test(state);
}
