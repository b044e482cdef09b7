import { z } from 'zod';

import { gpuMilliOf, type Shape } from '../core/packing/shape.ts';
import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import { Random } from './random.ts';
import { readText } from './trace.ts';

const Arrivals = z.strictObject({
  seed: z.int().min(0),
  /** Numbers of rows in the list of requests; one may come several times. */
  pods: z.array(z.int().min(0)).min(1),
  /** For each node in the order of names its rank: the node with the smaller one wins a tie. */
  nodePerm: z.array(z.int().min(0)),
});

/** In which order requests arrive, and which node wins ties. */
export type Arrivals = Readonly<z.infer<typeof Arrivals>>;

type Sizes = { readonly requestCount: number; readonly nodeCount: number };

/** The order with this seed from a file of orders, checked against the trace. Throws INVALID_INPUT. */
export function readArrivals(file: string, seed: number, { requestCount, nodeCount }: Sizes): Arrivals {
  const parsed = z.array(Arrivals).safeParse(parseJson(file));
  if (!parsed.success) throw invalid(file, firstIssue(parsed.error), fixOfFile);
  const arrivals = parsed.data.find((order) => order.seed === seed);
  if (arrivals === undefined) {
    const seeds = parsed.data.map((order) => order.seed).join(', ');
    throw invalid(file, `it has no order with the seed ${seed}`, `use one of the seeds ${cleanText(seeds)}`);
  }
  if (arrivals.pods.some((pod) => pod >= requestCount))
    throw invalid(file, `it names requests that the list of ${requestCount} does not have`, fixOfFile);
  if (arrivals.nodePerm.length !== nodeCount || new Set(arrivals.nodePerm).size !== nodeCount)
    throw invalid(file, `it does not rank the ${nodeCount} nodes with GPUs, each differently`, fixOfFile);
  return arrivals;
}

/** Requested GPU milli at the end, in thousandths of the capacity. */
const requestedPerMille = 1300;

/** Where the list hardly asks for GPUs, that would take for ever: so many rounds of it are enough. */
const clonesPerRequest = 100;

/**
 * Our own order in the manner of the published experiments: the whole list shuffled, then clones drawn with
 * replacement until the next would pass 130 % of the GPUs; a list that asks for more is cut there. Theirs comes from
 * Go's generator, so their orders have to be read from a file.
 */
export function drawArrivals(
  list: readonly Shape[],
  capacity: { readonly gpuMilli: number; readonly nodeCount: number },
  seed: number,
): Arrivals {
  const random = new Random(seed);
  const most = {
    gpuMilli: Math.floor((capacity.gpuMilli * requestedPerMille) / 1000),
    pods: list.length * clonesPerRequest,
  };
  const shuffled = random.permutation(list.length);
  const pods: number[] = [];
  let requested = 0;
  for (;;) {
    const isClone = pods.length >= list.length;
    const pod = isClone ? random.below(list.length) : shuffled[pods.length];
    const shape = pod === undefined ? undefined : list[pod];
    if (pod === undefined || shape === undefined || pods.length >= most.pods) break;
    requested += gpuMilliOf(shape);
    if (requested > most.gpuMilli) break;
    pods.push(pod);
  }
  return { seed, pods, nodePerm: random.permutation(capacity.nodeCount) };
}

const fixOfFile = 'pass orders made for this list: an array of `{ seed, pods, nodePerm }`';

function parseJson(file: string): unknown {
  const text = readText(file, 'pass a file that exists, or leave `--orders` out for an order of our own');
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw invalid(file, 'it is not JSON', fixOfFile);
  }
}

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  return `\`${issue?.path.join('.') ?? ''}\`: ${cleanText(issue?.message ?? '', 120)}`;
}

function invalid(file: string, what: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message: `orders \`${cleanText(file)}\`: ${what}`, fix });
}
