import { BerthError } from '../model/error.ts';
import { unplaced } from '../model/fact.ts';
import type { Path } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import { invalidFile } from './evidence.ts';
import { pathOf, requireSite, segmentOf } from './path.ts';
import type { Evidence, ImportContext } from './source.ts';

/**
 * The nodes that a file about one machine speaks of: those of `--node`, else the host name that the file states.
 * A name with `/` is a path of the inventory, any other one a host name: `SITE/NAME` with `--site`, else
 * `unplaced/NAME`. Throws when neither the file nor the caller names a machine.
 */
export function machinesOf(
  evidence: Evidence,
  context: ImportContext,
  hostName: string | undefined,
): readonly [Path, ...Path[]] {
  const [first, ...others] = context.nodes ?? (hostName === undefined ? [] : [hostName]);
  if (first === undefined)
    throw invalidFile(
      evidence,
      'does not say which machine it was read on',
      'pass `--node`, such as `--node fra1-r11-n02` or `--node fra1/h1/r11/n02`',
    );
  const place = (name: string) => machinePath(evidence, context, name);
  return [place(first), ...others.map(place)];
}

/** One machine by its host name, or by its path. */
export function machinePath(evidence: Evidence, context: ImportContext, name: string): Path {
  const root = context.site === undefined ? unplaced : requireSite(context.site, evidence);
  if (!name.includes('/')) return pathOf(root, segmentOf(name));
  const segments = name.split('/');
  if (segments.length > 6 || segments.some((segment) => segmentOf(segment) !== segment))
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `\`${cleanText(name, 120)}\` is not the path of a node`,
      fix: 'paths are lower-case segments joined by `/`: `berth inventory` lists them',
    });
  return pathOf(...segments);
}

/** A device of a machine, by the number that the source counts it with. */
export function devicePath(machine: Path, kind: 'gpu' | 'nic', number: number): Path {
  return pathOf(...machine.split('/'), `${kind}${number}`);
}
