import { fromBase64 } from './base64.ts';
import { hashBytes } from './tree-hash.ts';

/** What a log says of itself at one size: the text of a C2SP tlog-checkpoint. */
export type TreeHead = { readonly origin: string; readonly size: number; readonly root: Buffer };

/** Origin, size and root, a line each. */
export function headText({ origin, size, root }: TreeHead): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Reads the three lines; extension lines, which Berth does not write, are passed over. */
export function parseHead(text: string): TreeHead | undefined {
  const [origin = '', digits = '', encoded = '', ...rest] = text.split('\n');
  const root = fromBase64(encoded);
  const size = Number(digits);
  const isWhole = origin !== '' && rest.at(-1) === '' && rest.slice(0, -1).every((line) => line !== '');
  if (!isWhole || root?.length !== hashBytes) return undefined;
  return Number.isSafeInteger(size) && String(size) === digits ? { origin, size, root } : undefined;
}
