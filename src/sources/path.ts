import { digestOfBytes } from '../model/canonical.ts';
import { Path } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import { invalidFile } from './evidence.ts';
import type { Evidence } from './source.ts';

/**
 * A name from outside as one segment of a path: lower case, at most `cap` characters (63 or fewer). A name
 * that cannot be kept (other characters, too long) gets a short digest of the original, so that two names never
 * fall together.
 */
export function segmentOf(name: string, cap = 63): string {
  const lower = name.toLowerCase();
  if (/^[a-z0-9][a-z0-9._-]*$/.test(lower) && lower.length <= cap) return lower;
  const mark = digestOfBytes(new TextEncoder().encode(name)).slice('sha256:'.length, 'sha256:'.length + 8);
  const readable = lower.replaceAll(/[^a-z0-9._-]+/g, '-').replace(/^[._-]+/, '');
  return readable === '' ? `x-${mark}` : `${readable.slice(0, cap - 9)}-${mark}`;
}

/** A path of segments that are already clean. */
export function pathOf(...segments: (string | undefined)[]): Path {
  return Path.parse(segments.filter((segment) => segment !== undefined).join('/'));
}

/** The site a caller named with `--site`. Throws when it cannot be one. */
export function requireSite(site: string, evidence: Evidence): Path {
  const parsed = Path.safeParse(site);
  if (parsed.success && !site.includes('/')) return parsed.data;
  throw invalidFile(
    evidence,
    `cannot belong to the site \`${cleanText(site, 80)}\``,
    'a site is one lower-case word such as `fra1`: pass it with `--site`',
  );
}
