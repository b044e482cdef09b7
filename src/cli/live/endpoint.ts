import { BerthError } from '../../model/error.ts';
import type { SourceName } from '../../model/fact.ts';
import type { Evidence } from '../../sources/source.ts';
import type { Io } from '../io.ts';
import type { HttpOptions, SecretPlace } from './http.ts';
import { askPrometheus } from './prometheus.ts';

/** An address that the user named, and where the secret for it is. */
export type Endpoint = { readonly url: string; readonly tokenFile?: string; readonly tokenEnv?: string };

type Reader = (io: Io, url: string, http: HttpOptions) => Promise<readonly Evidence[]>;

const readers: ReadonlyMap<SourceName, Reader> = new Map([['prometheus', askPrometheus]]);

/** Whether a source can be read from an address. */
export function readsUrls(source: SourceName): boolean {
  return readers.has(source);
}

/** What the system at an address says now. Throws as `fetchBytes` does, and for a source that is not read so. */
export async function askUrl(
  io: Io,
  source: SourceName,
  { url, ...place }: Endpoint,
): Promise<readonly Evidence[]> {
  const read = readers.get(source);
  if (read === undefined)
    throw invalid(
      `${source} is not read from an address`,
      `leave \`--url\` out and hand in files; with an address: ${[...readers.keys()].join(', ')}`,
    );
  const secret = secretOf(place);
  return read(io, url, secret === undefined ? {} : { secret });
}

function secretOf({ tokenFile, tokenEnv }: Omit<Endpoint, 'url'>): SecretPlace | undefined {
  if (tokenFile !== undefined && tokenEnv !== undefined)
    throw invalid('both `--token-file` and `--token-env` are given', 'name one place of the secret');
  if (tokenFile !== undefined) return { file: tokenFile };
  return tokenEnv === undefined ? undefined : { variable: tokenEnv };
}

function invalid(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}
