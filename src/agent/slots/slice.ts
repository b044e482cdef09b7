import { sliceWords } from '../../model/slice.ts';
import { type Reading } from '../reading.ts';
import { either, type FrameReading, spansOf } from './slot.ts';

/** The slice that a line asks for. Half a GPU is one share; how many instances are wanted is said, or asked for. */
export function sliceSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'slice');
  const [first] = spans;
  if (first === undefined) return { frame: {}, problems: [] };
  const asked = [...new Set(spans.map(({ slice }) => sliceWords(slice)))];
  if (asked.length > 1) return { frame: {}, problems: [either('slice', 'which slice of a GPU', asked)] };
  const { slice, count = 1 } = first;
  const isCounted = spansOf(reading, 'amount').length > 0 || slice.kind === 'mig';
  return {
    frame: { slice, ...(isCounted ? {} : { amount: { shape: 'total', gpus: count } }) },
    problems: [],
  };
}
