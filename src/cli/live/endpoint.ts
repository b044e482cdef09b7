import { BerthError } from '../../model/error.ts';
import type { SourceName } from '../../model/fact.ts';
import type { Evidence } from '../../sources/source.ts';
import type { Io } from '../io.ts';
import type { SecretPlace } from './http.ts';
import { askNetbox } from './netbox.ts';
import { askPrometheus } from './prometheus.ts';
import { askRedfish } from './redfish.ts';

/** An address that the user named, and where the secret for it is: a file or a variable, not both. */
export type Endpoint = { readonly url: string; readonly tokenFile?: string; readonly tokenEnv?: string };

type Reader = (
  io: Io,
  service: { readonly url: string; readonly secret?: SecretPlace },
) => Promise<readonly Evidence[]>;

const readers: ReadonlyMap<SourceName, Reader> = new Map<SourceName, Reader>([
  ['netbox', askNetbox],
  ['prometheus', askPrometheus],
  ['redfish', askRedfish],
]);

/** Whether a source can be read from an address. */
export function readsUrls(source: SourceName): boolean {
  return readers.has(source);
}

/** What the system at an address says now. Throws as `fetchBytes` does, and where the secret is named twice. */
export async function askUrl(
  io: Io,
  source: SourceName,
  { url, tokenFile, tokenEnv }: Endpoint,
): Promise<readonly Evidence[]> {
  const read = readers.get(source);
  if (read === undefined) throw new Error(`${source} is not read from addresses`);
  const secret = secretOf(tokenFile, tokenEnv);
  return read(io, { url, ...(secret === undefined ? {} : { secret }) });
}

export function secretOf(file: string | undefined, variable: string | undefined): SecretPlace | undefined {
  if (file !== undefined && variable !== undefined)
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: 'both `--token-file` and `--token-env` are given',
      fix: 'name one place of the secret',
    });
  if (file !== undefined) return { file };
  return variable === undefined ? undefined : { variable };
}
