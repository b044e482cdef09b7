import type { Calendar, Hold } from '../calendar/calendar.ts';
import type { Span } from './window.ts';

/** So many levels share one highest. */
const blockSize = 64;

/** A calendar that differs in more holds than this is read anew. */
const changeLimit = 2048;

/**
 * The watts held on some nodes over all time, as the level from each instant on at which it may change. The peak of a
 * span is read block by block, and a calendar that differs in some nodes is followed by putting in and taking out what
 * differs. An instant stays when nothing begins or ends there any more; a fresh reading drops it.
 */
export class Profile {
  readonly #nodes: readonly number[];
  #calendar: Calendar | undefined;
  readonly #lists: (readonly Hold[])[];
  #times = new Float64Array(0);
  #levels = new Float64Array(0);
  #peaks = new Float64Array(0);
  #count = 0;
  #countWhenRead = 0;

  constructor(nodes: readonly number[]) {
    this.#nodes = nodes;
    this.#lists = nodes.map(() => none);
  }

  /** The most that is held at one time of a span. */
  peakW(calendar: Calendar, { startMs, endMs }: Span): number {
    this.#follow(calendar);
    const to = firstAt(this.#times, this.#count, endMs);
    const after = firstAt(this.#times, this.#count, startMs + 1);
    let peak = 0;
    for (let at = Math.max(0, after - 1); at < to;) {
      const isWhole = at % blockSize === 0 && at + blockSize <= to;
      peak = Math.max(peak, (isWhole ? this.#peaks[at / blockSize] : this.#levels[at]) ?? 0);
      at += isWhole ? blockSize : 1;
    }
    return peak;
  }

  #follow(calendar: Calendar): void {
    if (calendar === this.#calendar) return;
    const gone: Hold[] = [];
    const come: Hold[] = [];
    for (const [at, node] of this.#nodes.entries()) {
      const before = this.#lists[at] ?? none;
      const now = calendar[node] ?? none;
      if (before === now) continue;
      this.#lists[at] = now;
      const [old, fresh] = [new Set(before), new Set(now)];
      for (const hold of before) if (!fresh.has(hold)) gone.push(hold);
      for (const hold of now) if (!old.has(hold)) come.push(hold);
    }
    this.#calendar = calendar;
    const isMuch = gone.length + come.length > changeLimit || this.#count > 2 * this.#countWhenRead + 512;
    if (isMuch) this.#read();
    else for (const { span, powerW } of differences(gone, come)) this.#add(span, powerW);
    if (gone.length + come.length > 0) this.#rise();
  }

  #read(): void {
    const instants = instantsOf(this.#lists);
    this.#times = distinct(instants);
    this.#count = this.#times.length;
    this.#countWhenRead = this.#count;
    this.#levels = new Float64Array(this.#count);
    for (const list of this.#lists)
      for (const { startMs, endMs, powerW } of list) {
        if (endMs <= startMs) continue;
        const from = firstAt(this.#times, this.#count, startMs);
        const to = firstAt(this.#times, this.#count, endMs);
        this.#levels[from] = (this.#levels[from] ?? 0) + powerW;
        this.#levels[to] = (this.#levels[to] ?? 0) - powerW;
      }
    for (let at = 1; at < this.#count; at++)
      this.#levels[at] = (this.#levels[at] ?? 0) + (this.#levels[at - 1] ?? 0);
  }

  #add({ startMs, endMs }: Span, powerW: number): void {
    if (powerW === 0 || endMs <= startMs) return;
    const from = this.#instant(startMs);
    const to = this.#instant(endMs);
    for (let at = from; at < to; at++) this.#levels[at] = (this.#levels[at] ?? 0) + powerW;
  }

  /** The place of an instant, which is put in where it is missing: at the level of the one before. */
  #instant(atMs: number): number {
    const at = firstAt(this.#times, this.#count, atMs);
    if (at < this.#count && this.#times[at] === atMs) return at;
    if (this.#count === this.#times.length) this.#grow();
    this.#times.copyWithin(at + 1, at, this.#count);
    this.#levels.copyWithin(at + 1, at, this.#count);
    this.#times[at] = atMs;
    this.#levels[at] = at === 0 ? 0 : (this.#levels[at - 1] ?? 0);
    this.#count++;
    return at;
  }

  #grow(): void {
    const size = Math.ceil(1.25 * this.#count) + 64;
    const { times, levels } = { times: this.#times, levels: this.#levels };
    this.#times = new Float64Array(size);
    this.#levels = new Float64Array(size);
    this.#times.set(times);
    this.#levels.set(levels);
  }

  #rise(): void {
    const peaks = new Float64Array(Math.ceil(this.#count / blockSize));
    for (let at = 0; at < this.#count; at++) {
      const block = Math.floor(at / blockSize);
      peaks[block] = Math.max(peaks[block] ?? 0, this.#levels[at] ?? 0);
    }
    this.#peaks = peaks;
  }
}

const none: readonly Hold[] = [];

/** Watts more or less by span: the members of a gang hold over the same one. */
function differences(
  gone: readonly Hold[],
  come: readonly Hold[],
): Iterable<{ readonly span: Span; readonly powerW: number }> {
  const bySpan = new Map<string, { readonly span: Span; powerW: number }>();
  const add = ({ startMs, endMs }: Hold, powerW: number) => {
    const key = `${startMs} ${endMs}`;
    const before = bySpan.get(key);
    if (before === undefined) bySpan.set(key, { span: { startMs, endMs }, powerW });
    else before.powerW += powerW;
  };
  for (const hold of gone) add(hold, -hold.powerW);
  for (const hold of come) add(hold, hold.powerW);
  return bySpan.values();
}

/** When something begins or ends, in order. */
function instantsOf(lists: readonly (readonly Hold[])[]): Float64Array {
  const instants = new Float64Array(2 * lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists)
    for (const { startMs, endMs } of list) {
      instants[at++] = startMs;
      instants[at++] = endMs;
    }
  return instants.toSorted();
}

/** The first instant that is not before another one. */
function firstAt(times: Float64Array, count: number, atMs: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function distinct(sorted: Float64Array): Float64Array<ArrayBuffer> {
  let count = 0;
  const found = new Float64Array(sorted.length);
  for (const atMs of sorted) {
    if (count > 0 && found[count - 1] === atMs) continue;
    found[count] = atMs;
    count++;
  }
  return found.slice(0, count);
}
