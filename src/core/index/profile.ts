import type { Calendar, Hold } from '../calendar/calendar.ts';
import type { Span } from './window.ts';

/** So many steps stand together: what one change copies. */
const blockSize = 512;

/** More changes than this are not followed one by one: all is laid out again. */
const changeLimit = 2048;

/** What changes at an instant. At one instant what ends comes before what begins. */
type Step = { readonly atMs: number; readonly watts: number };

/** Steps that follow each other, with what they add up to and the highest level among them, from 0 before them. */
type Block = { steps: Step[]; sum: number; peak: number };

/**
 * The watts held on some nodes over all time, as steps in order. The peak of a span is read block by block, and a
 * calendar that differs in some nodes is followed by taking out and putting in what differs.
 */
export class Profile {
  readonly #nodes: readonly number[];
  #calendar: Calendar | undefined;
  readonly #lists = new Map<number, readonly Hold[]>();
  #blocks: Block[] = [];

  constructor(nodes: readonly number[]) {
    this.#nodes = nodes;
  }

  /** The most that is held at one time of a span. */
  peakW(calendar: Calendar, span: Span): number {
    this.#follow(calendar);
    let level = 0;
    let peak = 0;
    for (const block of this.#blocks) {
      const first = block.steps[0]?.atMs ?? 0;
      const last = block.steps.at(-1)?.atMs ?? 0;
      if (first >= span.endMs) break;
      if (last <= span.startMs) {
        level += block.sum;
        peak = level;
      } else if (first > span.startMs && last < span.endMs) {
        peak = Math.max(peak, level + block.peak);
        level += block.sum;
      } else {
        for (const { atMs, watts } of block.steps) {
          if (atMs >= span.endMs) break;
          level += watts;
          peak = atMs <= span.startMs ? level : Math.max(peak, level);
        }
      }
    }
    return Math.max(0, peak);
  }

  #follow(calendar: Calendar): void {
    if (calendar === this.#calendar) return;
    const gone: Step[] = [];
    const come: Step[] = [];
    for (const node of this.#nodes) {
      const before = this.#lists.get(node) ?? none;
      const now = calendar[node] ?? none;
      if (before === now) continue;
      this.#lists.set(node, now);
      const [old, fresh] = [new Set(before), new Set(now)];
      for (const hold of before) if (!fresh.has(hold)) gone.push(...stepsOf(hold));
      for (const hold of now) if (!old.has(hold)) come.push(...stepsOf(hold));
    }
    this.#calendar = calendar;
    if (gone.length + come.length > changeLimit) this.#blocks = blocksOf(this.#allSteps());
    else {
      for (const step of gone) this.#remove(step);
      for (const step of come) this.#insert(step);
    }
  }

  #allSteps(): readonly Step[] {
    return [...this.#lists.values()].flatMap((holds) => holds.flatMap(stepsOf)).toSorted(inOrder);
  }

  #insert(step: Step): void {
    const at = this.#blockOf(step);
    const block = this.#blocks[at];
    const steps = [...(block?.steps ?? [])];
    steps.splice(placeIn(steps, step), 0, step);
    this.#blocks.splice(
      at,
      block === undefined ? 0 : 1,
      ...(steps.length > 2 * blockSize ? blocksOf(steps) : [blockOf(steps)]),
    );
  }

  /** Equal steps are as good as each other. */
  #remove(step: Step): void {
    const at = this.#blockOf(step);
    const block = this.#blocks[at];
    const index = block === undefined ? -1 : placeIn(block.steps, step);
    const found = block?.steps[index];
    if (block === undefined || found === undefined || inOrder(found, step) !== 0)
      throw new Error('a profile lost a step');
    const steps = block.steps.toSpliced(index, 1);
    this.#blocks.splice(at, 1, ...(steps.length === 0 ? [] : [blockOf(steps)]));
  }

  /** The first block that ends at or after a step, else the last. */
  #blockOf(step: Step): number {
    let low = 0;
    let high = Math.max(0, this.#blocks.length - 1);
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = this.#blocks[middle]?.steps.at(-1);
      if (last !== undefined && inOrder(last, step) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const none: readonly Hold[] = [];

function stepsOf({ startMs, endMs, powerW }: Hold): readonly Step[] {
  if (powerW === 0 || endMs <= startMs) return [];
  return [
    { atMs: startMs, watts: powerW },
    { atMs: endMs, watts: -powerW },
  ];
}

function inOrder(a: Step, b: Step): number {
  return a.atMs - b.atMs || a.watts - b.watts;
}

/** Before the first step that does not come before this one. */
function placeIn(steps: readonly Step[], step: Step): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = steps[middle];
    if (other !== undefined && inOrder(other, step) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function blocksOf(steps: readonly Step[]): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < steps.length; at += blockSize) blocks.push(blockOf(steps.slice(at, at + blockSize)));
  return blocks;
}

function blockOf(steps: Step[]): Block {
  let sum = 0;
  let peak = -Infinity;
  for (const { watts } of steps) {
    sum += watts;
    peak = Math.max(peak, sum);
  }
  return { steps, sum, peak };
}
