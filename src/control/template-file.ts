import { parse } from 'yaml';

import { templateFaults } from '../core/template/faults.ts';
import { canonicalJson } from '../model/canonical.ts';
import { BerthError } from '../model/error.ts';
import { Template } from '../model/template.ts';
import { cleanText } from '../model/text.ts';

/** Deeper or longer ones are no demands. */
const depthLimit = 16;
const byteLimit = 16_384;

/** The template that plain data from a file says. Throws INVALID_INPUT that names the key at fault, or all that is faulty. */
export function templateFrom(value: unknown, file: string): Template {
  const parsed = isShallow(value) ? Template.safeParse(value) : undefined;
  if (parsed === undefined) throw wrong(file, `it is nested deeper than ${depthLimit} levels`, '');
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue?.path.join('.') ?? '';
    throw wrong(file, `${at === '' ? '' : `\`${at}\`: `}${issue?.message ?? 'unknown fault'}`, at);
  }
  const faults = templateFaults(parsed.data);
  if (faults.length > 0) throw wrong(file, faults.join('; '), 'demand');
  const { length } = new TextEncoder().encode(canonicalJson(parsed.data));
  if (length > byteLimit) throw wrong(file, `it has ${length} bytes, at most ${byteLimit} may be`, '');
  return parsed.data;
}

/** The same from YAML text. */
export function readTemplate(text: string, file: string): Template {
  return templateFrom(parse(text, { maxAliasCount: 0 }), file);
}

function isShallow(value: unknown, levels = depthLimit): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((child) => isShallow(child, levels - 1));
}

function wrong(file: string, why: string, field: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: cleanText(`\`${file}\` is not a template: ${why}`, 1000),
    fix: 'correct it; `berth schema template` lists every key, `berth templates show fine-tune` prints one',
    ...(field === '' ? {} : { field }),
  });
}
