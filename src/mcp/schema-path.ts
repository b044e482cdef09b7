import { z } from 'zod';

type Path = readonly PropertyKey[];

/** The schema that stands at `path`, where `value` says which case of a union is meant. */
export function schemaAt(schema: z.core.$ZodType, path: Path, value: unknown): z.core.$ZodType | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return schema;
  const child = childOf(unwrap(schema, value), head);
  return child === undefined ? undefined : schemaAt(child, rest, valueAt(value, [head]));
}

/** The keys an object takes at this schema; none where it takes no object. */
export function keysOf(schema: z.core.$ZodType | undefined, value: unknown): readonly string[] {
  const inner = schema === undefined ? undefined : unwrap(schema, value);
  return inner !== undefined && isObject(inner) ? Object.keys(inner.shape) : [];
}

/** What the schema says about itself, looking through optionals and defaults. */
export function descriptionOf(schema: z.core.$ZodType | undefined): string | undefined {
  if (schema === undefined) return undefined;
  const own = z.globalRegistry.get(schema)?.description;
  const inner = innerOf(schema);
  return own ?? (inner === undefined ? undefined : descriptionOf(inner));
}

/** Every path that ends in `key`: `demand.parts[].each.gpus`. */
export function pathsTo(key: string, schema: z.core.$ZodType, prefix = ''): readonly string[] {
  const inner = unwrap(schema, undefined);
  if (inner instanceof z.ZodArray) return pathsTo(key, inner.element, `${prefix}[]`);
  if (!isObject(inner)) return [];
  return Object.entries(inner.shape).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [...(name === key ? [path] : []), ...pathsTo(key, child, path)];
  });
}

/** The value at `path`, if there is one. Inherited properties are not values. */
export function valueAt(value: unknown, path: Path): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, head)) return undefined;
  const child: unknown = Reflect.get(value, head);
  return valueAt(child, rest);
}

/** `demand.parts[0].each`, and `arguments` for the root. */
export function spell(path: Path): string {
  const text = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
  return text === '' ? 'arguments' : text;
}

function unwrap(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  const inner = schema instanceof z.ZodDiscriminatedUnion ? caseOf(schema, value) : innerOf(schema);
  return inner === undefined ? schema : unwrap(inner, value);
}

function innerOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional) return schema.unwrap();
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) return schema.unwrap();
  return schema instanceof z.ZodPipe ? schema.in : undefined;
}

function caseOf(union: z.ZodDiscriminatedUnion, value: unknown): z.core.$ZodType | undefined {
  const { discriminator, options } = union.def;
  const chosen = valueAt(value, [discriminator]);
  return options.find((option) => {
    const child = childOf(option, discriminator);
    return child !== undefined && z.safeParse(child, chosen).success;
  });
}

function childOf(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  if (isObject(schema)) return schema.shape[String(key)];
  if (schema instanceof z.ZodArray) return schema.element;
  return schema instanceof z.ZodRecord ? schema.valueType : undefined;
}

function isObject(schema: z.core.$ZodType): schema is z.ZodObject<z.core.$ZodShape> {
  return schema instanceof z.ZodObject;
}
