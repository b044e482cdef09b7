/**
 * A Kubernetes quantity (`64`, `63500m`, `519659388Ki`, `1.5Gi`, `12e3`) as a whole number of `unit`s, rounded
 * down; `unit` is `[numerator, denominator]`, such as `[1n, 1000n]` for thousandths. Nothing for other text,
 * negative numbers and numbers that are not safe. Format: k8s.io/apimachinery/pkg/api/resource/quantity.go.
 */
export function quantity(text: string, unit: readonly [bigint, bigint] = [1n, 1n]): number | undefined {
  const match =
    /^\+?(\d{1,40})(?:\.(\d{0,40}))?(?:([eE])([+-]?\d{1,2})|(n|u|m|k|M|G|T|P|E|[KMGTPE]i))?$/.exec(
      text.trim(),
    );
  if (match === null) return undefined;
  const [, whole = '', fraction = '', , exponent, suffix = ''] = match;
  const [up, down] = exponent === undefined ? scaleOf(suffix) : powerOfTen(Number(exponent));
  const numerator = BigInt(whole + fraction) * up * unit[1];
  const denominator = 10n ** BigInt(fraction.length) * down * unit[0];
  const value = Number(numerator / denominator);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Thousandths of a CPU. */
export function cpuMilliOf(text: string): number | undefined {
  return quantity(text, [1n, 1000n]);
}

export function memoryMibOf(text: string): number | undefined {
  return quantity(text, [2n ** 20n, 1n]);
}

export function storageGibOf(text: string): number | undefined {
  return quantity(text, [2n ** 30n, 1n]);
}

function scaleOf(suffix: string): [bigint, bigint] {
  const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].indexOf(suffix);
  if (binary >= 0) return [1024n ** BigInt(binary), 1n];
  const decimal = ['', 'k', 'M', 'G', 'T', 'P', 'E'].indexOf(suffix);
  if (decimal > 0) return powerOfTen(3 * decimal);
  return powerOfTen(-3 * ['', 'm', 'u', 'n'].indexOf(suffix));
}

function powerOfTen(power: number): [bigint, bigint] {
  return power >= 0 ? [10n ** BigInt(power), 1n] : [1n, 10n ** BigInt(-power)];
}
