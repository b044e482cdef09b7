import { readdirSync, readFileSync } from 'node:fs';

import { evaluate } from '@marcbachmann/cel-js';
import { Ajv, type ValidateFunction } from 'ajv';
import { z } from 'zod';

import { AnyObject } from '../../../src/engines/kubernetes/object.ts';

const folder = 'test/data/kubernetes-api';
type Node = Record<string, unknown>;
const Tree = z.record(z.string(), z.unknown());
const Crd = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    scope: z.string(),
    versions: z.array(z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: Tree }) })),
  }),
});
const OpenApi = z.object({ components: z.object({ schemas: z.record(z.string(), Tree) }) });

/** What is wrong with an object, by its schema with unknown fields refused and by its CEL rules; none when nothing is. */
export function faultsOf(object: unknown): readonly string[] {
  const { apiVersion, kind } = AnyObject.parse(object);
  const known = schemas().get(`${apiVersion}/${kind}`);
  if (known === undefined) return [`no schema of ${apiVersion} ${kind}`];
  const errors = known.validate(object) ? [] : (known.validate.errors ?? []);
  return [
    ...errors.map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    ),
    ...brokenRules(known.root, object, ''),
  ];
}

/** Rules of CEL that stand in the schema of a kind, without those that compare with an earlier version. */
export function rulesOf(apiVersion: string, kind: string): readonly string[] {
  return allRules(schemas().get(`${apiVersion}/${kind}`)?.root ?? {});
}

/** Whether the schema names every cluster-wide kind as cluster-wide: by `apiVersion/kind`, for custom resources. */
export function scopes(): ReadonlyMap<string, string> {
  return new Map(
    crds().map(({ spec }) => [`${spec.group}/${spec.versions[0]?.name}/${spec.names.kind}`, spec.scope]),
  );
}

type Schema = { readonly validate: ValidateFunction; readonly root: Node };
let loaded: ReadonlyMap<string, Schema> | undefined;

function schemas(): ReadonlyMap<string, Schema> {
  loaded ??= new Map([...builtIn(), ...custom()]);
  return loaded;
}

function builtIn(): [string, Schema][] {
  return readdirSync(`${folder}/openapi`).flatMap((file) => {
    const text = readFileSync(`${folder}/openapi/${file}`, 'utf8');
    const { components } = OpenApi.parse(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
    const defs = Object.fromEntries(Object.entries(components.schemas).map(([name, s]) => [name, strict(s)]));
    return Object.keys(components.schemas).flatMap((name): [string, Schema][] => {
      const [, group = '', version = '', kind = ''] =
        /^io\.k8s\.api\.([a-z]+)\.(v1)\.([A-Z][A-Za-z]+)$/u.exec(name) ?? [];
      const full =
        { core: '', networking: 'networking.k8s.io/', resource: 'resource.k8s.io/' }[group] ?? `${group}/`;
      if (kind === '') return [];
      const root = { $ref: `#/$defs/${name}`, $defs: defs };
      return [[`${full}${version}/${kind}`, lazily(root)]];
    });
  });
}

function custom(): [string, Schema][] {
  return crds().flatMap(({ spec }) =>
    spec.versions.map(({ name, schema }): [string, Schema] => {
      const properties = Tree.parse(schema.openAPIV3Schema['properties']);
      // The API server checks the metadata of custom resources by itself; their schemas leave it open.
      const root = strict({
        ...schema.openAPIV3Schema,
        properties: { ...properties, metadata: metadataSchema },
      });
      return [`${spec.group}/${name}/${spec.names.kind}`, lazily(root)];
    }),
  );
}

const textMap = { type: 'object', additionalProperties: { type: 'string' } };
const metadataSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    labels: textMap,
    annotations: textMap,
  },
};

function crds() {
  return readdirSync(`${folder}/crds`).map((file) =>
    Crd.parse(JSON.parse(readFileSync(`${folder}/crds/${file}`, 'utf8'))),
  );
}

/** Compiled when it is first asked for: the largest take a second. */
function lazily(root: Node): Schema {
  let made: ValidateFunction | undefined;
  return {
    root,
    get validate() {
      made ??= new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(root);
      return made;
    },
  };
}

/** As the API server reads it with `fieldValidation=Strict`: fields that no property names are errors. */
function strict(schema: Node): Node {
  const { format, ...rest } = schema;
  const isEither = schema['x-kubernetes-int-or-string'] === true || format === 'int-or-string';
  if (isEither) return { type: ['string', 'integer'] };
  const entries = Object.entries(rest).map(([key, value]): [string, unknown] => {
    if (key === 'properties' || key === '$defs')
      return [
        key,
        Object.fromEntries(
          Object.entries(Tree.parse(value)).map(([name, one]) => [name, strict(Tree.parse(one))]),
        ),
      ];
    if (key === 'items' || key === 'additionalProperties')
      return [key, typeof value === 'boolean' ? value : strict(Tree.parse(value))];
    if (['allOf', 'anyOf', 'oneOf'].includes(key)) return [key, z.array(Tree).parse(value).map(strict)];
    // RE2 writes flags in front; JavaScript has no such syntax.
    if (key === 'pattern') return [key, String(value).replace('(?i)', '')];
    return [key, value];
  });
  const isClosed =
    'properties' in rest &&
    !('additionalProperties' in rest) &&
    rest['x-kubernetes-preserve-unknown-fields'] !== true;
  return { ...Object.fromEntries(entries), ...(isClosed ? { additionalProperties: false } : {}) };
}

/** Walks object and schema together and evaluates the rules of every level. `oldSelf` needs a second object. */
function brokenRules(schema: Node, value: unknown, at: string): readonly string[] {
  const own = ownRules(schema).flatMap((rule) =>
    holds(rule, value) ? [] : [`${at} breaks the rule ${rule}`],
  );
  if (Array.isArray(value)) {
    const items = Tree.safeParse(schema['items']);
    return items.success
      ? [...own, ...value.flatMap((one, i) => brokenRules(items.data, one, `${at}[${i}]`))]
      : own;
  }
  if (typeof value !== 'object' || value === null) return own;
  const properties = Tree.safeParse(schema['properties']).data ?? {};
  const inner = Object.entries(value).flatMap(([name, one]) => {
    const next = Tree.safeParse(properties[name] ?? schema['additionalProperties']);
    return next.success ? brokenRules(next.data, one, `${at}.${name}`) : [];
  });
  return [...own, ...inner];
}

function holds(rule: string, value: unknown): boolean {
  return evaluate(rule, { self: integers(value) }) === true;
}

/** CEL tells integers from doubles; JSON does not. */
function integers(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(integers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, integers(one)]));
}

function ownRules(schema: Node): readonly string[] {
  const listed = z.array(z.object({ rule: z.string() })).safeParse(schema['x-kubernetes-validations']);
  return (listed.data ?? []).flatMap(({ rule }) => (rule.includes('oldSelf') ? [] : [rule]));
}

function allRules(schema: Node): readonly string[] {
  const inner = [
    ...Object.values(Tree.safeParse(schema['properties']).data ?? {}),
    schema['items'],
    schema['additionalProperties'],
  ];
  const below = inner.flatMap((one) => {
    const next = Tree.safeParse(one);
    return next.success ? allRules(next.data) : [];
  });
  return [...ownRules(schema), ...below];
}
