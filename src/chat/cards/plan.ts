import type { RackPicture } from '../../model/picture-view.ts';
import type { PlanView } from '../../model/plan-view.ts';
import { seatMap } from '../pictures/seat-map.ts';
import { countOf, formatCount, formatEur, shortDigest } from './amount.ts';
import { bandwidthLines } from './bandwidth.ts';
import { type Field, fields } from './fields.ts';
import { blank, bullets, columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { nodeTable, partsPhrase, termLines } from './parts.ts';
import { planDiff } from './plan-diff.ts';
import { hereLines, siteTable } from './reasons.ts';
import { closedLines } from './rules.ts';
import { section } from './section.ts';
import { capacityWords } from './slices.ts';
import { formatInstant, formatWindow } from './time.ts';

/** What a plan is drawn with. */
export type PlanContext = {
  /** The words of the request that nothing consumed. */
  readonly unread?: readonly string[];
  /** The plan that was open before. */
  readonly plan?: PlanView;
  /** The racks that it sits in, over its time. */
  readonly racks?: readonly RackPicture[];
};

/** What a person needs to say yes or no. Folded it is about a screen: promises by kind, rules by name. */
export function planCard(
  plan: PlanView,
  room: Room,
  { unread = [], plan: before, racks = [] }: PlanContext = {},
): Line[] {
  return [
    ...wrap([span(planTitle(plan), 'strong')], columnsOf(room)),
    ...fields(headFields(plan), room),
    ...planDiff(before, plan, room),
    ...section('Where', [...nodeTable(plan.parts, room), ...seatMap(plan, racks, room)], room),
    ...section('Moves', moveLines(plan, room), room),
    ...section('Others lose', lossLines(plan.losses ?? [], room), room),
    ...section('Bandwidth', bandwidthLines(plan.bandwidth, room), room),
    ...section('Promised', termLines(plan.terms, room), room),
    ...section('Why here', whyLines(plan, room), room),
    ...section('Closed by rules', closedLines(plan.policy.hits, room), room),
    ...section(
      'Assumed',
      bullets(
        plan.assumptions.map((text) => [span(text)]),
        room,
      ),
      room,
    ),
    ...unreadLines(unread, room),
    blank,
    ...fields(tailFields(plan), room),
  ];
}

function whyLines(plan: PlanView, room: Room): Line[] {
  return [...siteTable(plan.why, { ...room, zone: plan.zone }), ...hereLines(plan.here, room)];
}

/** `Reserve 16 H100-SXM-80GB for acme at fra1`. */
function planTitle(plan: PlanView): string {
  if (plan.changes !== undefined)
    return `Change ${plan.changes.contract} to ${gpusPhrase(plan)} for ${plan.tenant} at ${plan.sites.join(', ')}`;
  const verb = plan.guarantee === 'reserved' ? 'Reserve' : `Reserve (${plan.guarantee})`;
  return `${verb} ${gpusPhrase(plan)} for ${plan.tenant} at ${plan.sites.join(', ')}`;
}

/** `38.40 EUR an hour, 2,764.80 EUR in total (price book eu-2026-11)`. A price nobody recorded is unknown. */
export function pricePhrase({ microEurPerHour, totalMicroEur, priceBook }: PlanView['price']): string {
  if (microEurPerHour === undefined) return 'unknown: nobody has recorded one';
  const total = totalMicroEur === undefined ? 'open-ended' : `${formatEur(totalMicroEur)} in total`;
  return `${formatEur(microEurPerHour)} an hour, ${total} (price book ${priceBook})`;
}

/** The words nothing consumed. Said before a yes is asked for. */
export function unreadLines(unread: readonly string[], room: Room): Line[] {
  if (unread.length === 0) return [];
  const words = unread.map((word) => `\`${word}\``).join(', ');
  return [blank, ...wrap([span('  Not read: ', 'warn'), span(words, 'warn')], columnsOf(room), 4)];
}

/** Whom it ends, what they lose, and why them. */
function lossLines(losses: NonNullable<PlanView['losses']>, room: Room): Line[] {
  const lines = losses.map(({ contract, extras, gpuCount, gpuSecondsLost, why }) => {
    const what = extras === undefined ? 'preemptible' : `elastic, ${countOf(extras, 'extra')}`;
    const hours =
      gpuSecondsLost === undefined
        ? 'all time to come'
        : `${formatCount(Math.ceil(gpuSecondsLost / 3600))} GPU-hours`;
    return [
      span(contract ?? 'a contract of another tenant', 'accent'),
      span(` (${what}): loses ${countOf(gpuCount, 'GPU')}, ${hours}; ${why}`),
    ];
  });
  return bullets(lines, room);
}

function gpusPhrase(plan: PlanView): string {
  const models = [...new Set(plan.parts.flatMap(({ gpuModel }) => gpuModel ?? []))];
  const gpuModel = models.length === 1 ? models[0] : undefined;
  return capacityWords({ ...plan, gpuModel }) || 'capacity without GPUs';
}

function headFields(plan: PlanView): Field[] {
  return [
    ['what', [span(partsPhrase(plan.parts))]],
    ['change', [span(plan.changes?.summary ?? '')]],
    ['ends', [span(plan.preempts?.join(', ') ?? '', 'warn')]],
    ['takes', [span(extrasPhrase(plan), 'warn')]],
    ['when', [span(formatWindow(plan))]],
    ['price', [span(pricePhrase(plan.price))]],
    ['terms', [span(`guarantee ${plan.guarantee}, isolation ${plan.isolation}`)]],
    ['purpose', [span(plan.purpose ?? '')]],
  ];
}

function extrasPhrase({ shrinks = [] }: PlanView): string {
  return shrinks.length === 0 ? '' : `extras of ${shrinks.join(', ')}`;
}

function moveLines({ changes }: PlanView, room: Room): Line[] {
  const moves = changes?.moves ?? [];
  return bullets(
    moves.map(({ part, replica, from, to }) => [span(`${part} ${replica}: ${from} to ${to}`)]),
    room,
  );
}

function tailFields(plan: PlanView): Field[] {
  const allowed = plan.policy.answer === 'allowed';
  const packs = plan.policy.packs.length === 0 ? '' : ` by ${plan.policy.packs.join(', ')}`;
  return [
    [
      'policy',
      [
        span(plan.policy.answer.replaceAll('-', ' '), allowed ? 'good' : 'bad'),
        span(`${packs}. ${plan.policy.note}`),
      ],
    ],
    ['plan', [span(plan.id, 'accent'), span(`  ${shortDigest(plan.digest)}`, 'dim')]],
    ['expires', [span(formatInstant(plan.expires))]],
  ];
}
