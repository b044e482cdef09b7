import { DemandRequest } from '../../model/demand.ts';
import { KeyedPlaceholder, Placeholder, type Template } from '../../model/template.ts';
import type { Values } from './values.ts';

/** A demand with its parameters put in, or the first thing about it that is none. */
export type Filled =
  | { readonly kind: 'demand'; readonly demand: DemandRequest }
  | { readonly kind: 'misfit'; readonly path: string; readonly why: string };

/**
 * The demand of a template with values in place of its parameters. Where nothing was said for an optional one, the key or
 * item that it stands for is left out, and so is what holds nothing else.
 */
export function filled({ demand }: Pick<Template, 'demand'>, values: Values): Filled {
  const parsed = DemandRequest.safeParse(put(demand, values));
  if (parsed.success) return { kind: 'demand', demand: parsed.data };
  const [issue] = parsed.error.issues;
  return { kind: 'misfit', path: issue?.path.join('.') ?? '', why: issue?.message ?? 'it is no demand' };
}

type Json = Template['demand'][string];

/** The value that stands there once parameters are put in; nothing where it is left out. */
function put(node: Json, values: Values): Json | undefined {
  const placeholder = Placeholder.safeParse(node);
  if (placeholder.success) return partOf(values, placeholder.data);
  const keyed = KeyedPlaceholder.safeParse(node);
  if (keyed.success) return keyedBy(values, keyed.data);
  if (Array.isArray(node))
    return unlessEmptied(
      node,
      node.flatMap((item) => put(item, values) ?? []),
    );
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).flatMap(([key, child]) => {
    const value = put(child, values);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.keys(node).length > 0 && entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function partOf(values: Values, { $param, dividedBy = 1 }: Placeholder): Json | undefined {
  const value = values.get($param);
  return typeof value === 'number' ? value / dividedBy : value;
}

function keyedBy(values: Values, { $key, value }: KeyedPlaceholder): Json | undefined {
  const key = values.get($key);
  const child = put(value, values);
  return key === undefined || child === undefined ? undefined : Object.fromEntries([[String(key), child]]);
}

function unlessEmptied(before: readonly Json[], after: Json[]): Json[] | undefined {
  return before.length > 0 && after.length === 0 ? undefined : after;
}
