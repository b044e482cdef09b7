import { fromBase64 } from './base64.ts';

/** What shows that a leaf stands in a signed tree: the `.tlog-proof` of C2SP. */
export type TlogProof = {
  readonly index: number;
  readonly hashes: readonly Buffer[];
  readonly checkpoint: string;
};

/** What shows that a signed tree begins with an older one: the request of C2SP tlog-witness. */
export type Growth = {
  readonly from: number;
  readonly hashes: readonly Buffer[];
  readonly checkpoint: string;
};

const proofLine = 'c2sp.org/tlog-proof@v1';

export function formatTlogProof({ index, hashes, checkpoint }: TlogProof): string {
  return `${[proofLine, `index ${index}`, ...hashes.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

/** Reads a `.tlog-proof`; its extra data, which nothing vouches for, is passed over. */
export function parseTlogProof(text: string): TlogProof | undefined {
  const { lines, checkpoint } = blocksOf(text);
  const [first, ...rest] = lines;
  if (first !== proofLine) return undefined;
  const found = withCount(rest[0]?.startsWith('extra ') === true ? rest.slice(1) : rest, 'index');
  return found === undefined ? undefined : { index: found.count, hashes: found.hashes, checkpoint };
}

export function formatGrowth({ from, hashes, checkpoint }: Growth): string {
  return `${[`old ${from}`, ...hashes.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

export function parseGrowth(text: string): Growth | undefined {
  const { lines, checkpoint } = blocksOf(text);
  const found = withCount(lines, 'old');
  return found === undefined ? undefined : { from: found.count, hashes: found.hashes, checkpoint };
}

/** What stands before the first empty line, and the checkpoint after it. */
function blocksOf(text: string): { lines: readonly string[]; checkpoint: string } {
  const cut = text.indexOf('\n\n');
  return cut < 0
    ? { lines: [], checkpoint: '' }
    : { lines: text.slice(0, cut).split('\n'), checkpoint: text.slice(cut + 2) };
}

/** `WORD COUNT` and at most 63 hashes, a line each. */
function withCount(
  [first = '', ...rest]: readonly string[],
  word: string,
): { count: number; hashes: readonly Buffer[] } | undefined {
  const digits = first.startsWith(`${word} `) ? first.slice(word.length + 1) : '';
  const count = Number(digits);
  const hashes = rest.map(fromBase64).filter((hash) => hash !== undefined);
  const isSound = Number.isSafeInteger(count) && String(count) === digits && hashes.length === rest.length;
  return isSound && rest.length <= 63 ? { count, hashes } : undefined;
}

function toBase64(hash: Buffer): string {
  return hash.toString('base64');
}
