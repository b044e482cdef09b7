/**
 * The steps of the quantised sigmoid: entry k − 1 is the smallest integer x with
 * trunc(100 × sigmoid(x / (1000 × countTotal))) ≥ k, that is ceil(countTotal × 1000 × ln(k / (100 − k))), for k from
 * 1 to 99. Made once for a target, in integers of 160 binary places: no logarithm is taken in a decision.
 */
export function gradeSteps(countTotal: number): readonly number[] {
  const scale = BigInt(countTotal) * 1000n;
  odds ??= Array.from({ length: 99 }, (_, index) => logOdds(index + 1));
  return odds.map((value) => Number(ceilUnit(scale * value)));
}

/** The same for every target, so worked out once. */
let odds: readonly bigint[] | undefined;

/** How many steps the gradient has reached: the score of FGD, from 0 to 99. */
export function gradeOf(gradient: number, steps: readonly number[]): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle] ?? Infinity) <= gradient) low = middle + 1;
    else high = middle;
  }
  return low;
}

const places = 160n;
const unit = 1n << places;

/** ln(k / (100 − k)), in 2^-160. */
function logOdds(k: number): bigint {
  if (k < 50) return -logOdds(100 - k);
  let [above, below, doublings] = [BigInt(k), BigInt(100 - k), 0n];
  while (above * 3n > below * 4n) {
    below *= 2n;
    doublings++;
  }
  return doublings * log(2n, 1n) + log(above, below);
}

/** ln(above / below) = 2 artanh((above − below) / (above + below)), for a ratio between 2/3 and 2. */
function log(above: bigint, below: bigint): bigint {
  const [top, bottom] = [above - below, above + below];
  let power = (unit * top) / bottom;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = (power * top * top) / (bottom * bottom);
  }
  return 2n * sum;
}

/**
 * Rounded up to whole units. The error of `value` is far below one part in 2^64 of a unit, and the logarithm of a
 * rational other than 1 is irrational: it lies on one side of a whole number, and where that cannot be told, throws.
 */
function ceilUnit(value: bigint): bigint {
  const slack = 1n << (places - 64n);
  const [low, high] = [ceil(value - slack), ceil(value + slack)];
  if (value !== 0n && low !== high) throw new Error('a step of the sigmoid is too close to a whole number');
  return value === 0n ? 0n : low;
}

function ceil(value: bigint): bigint {
  const floor = value >> places;
  return floor * unit === value ? floor : floor + 1n;
}
