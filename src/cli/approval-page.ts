import { isSafeUrl } from '../mcp/auth/config.ts';
import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import type { Io } from './io.ts';

/** Where people decide in a browser: `--approval-page`, else BERTH_APPROVAL_PAGE. Throws INVALID_INPUT. */
export function approvalPageOf({ env }: Io, asked: string | undefined): string | undefined {
  const said = asked ?? env['BERTH_APPROVAL_PAGE']?.trim();
  if (said === undefined || said === '') return undefined;
  if (isPageAddress(said)) return said.replace(/\/+$/, '');
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(said, 80)}\` is no address of an approval page`,
    fix: 'write https, or http on this machine, without a query: `http://127.0.0.1:3902`',
    field: asked === undefined ? 'BERTH_APPROVAL_PAGE' : '--approval-page',
  });
}

/** Nothing in it may be a secret, for it is handed to whoever asks for an approval. */
export function isPageAddress(text: string): boolean {
  return text.length <= 200 && isSafeUrl(text) && URL.parse(text)?.search === '' && !text.includes('?');
}
