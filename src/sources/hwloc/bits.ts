/** The longest set that is read: 512 words of 32 bits, twice the CPUs that Linux can have. */
const maxWords = 512;

/**
 * A set of CPUs or NUMA nodes as hwloc writes it: words of 32 bits in hexadecimal, the highest first, an empty one for
 * zero: `0x000000ff,,0x0`. Nothing for other text, and for sets without end (`0xf...f`).
 */
export function bitsOf(text: string): bigint | undefined {
  const words = text.split(',');
  if (words.length > maxWords || !words.every((word) => /^(?:0x[0-9a-f]{1,8})?$/iu.test(word)))
    return undefined;
  return BigInt(`0x${words.map((word) => word.slice(2).padStart(8, '0')).join('')}`);
}

/** How many are in the set. */
export function sizeOfBits(bits: bigint): number {
  return bits.toString(2).replaceAll('0', '').length;
}
