import { readFile } from 'node:fs/promises';

/** The one call of the global that Node offers; its types come with a browser's, which Berth does not load. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> };

/** What we call of cedar-wasm 4.13. Its answers are read with schemas: its declarations are not taken on trust. */
export type Cedar = {
  initSync(given: { readonly module: object }): unknown;
  policySetTextToParts(text: string): unknown;
  policyToJson(text: string): unknown;
  preparsePolicySet(name: string, policies: unknown): unknown;
  schemaToJson(schema: string): unknown;
  statefulIsAuthorized(call: unknown): unknown;
  validate(call: unknown): unknown;
};

const called = [
  'initSync',
  'policySetTextToParts',
  'policyToJson',
  'preparsePolicySet',
  'schemaToJson',
  'statefulIsAuthorized',
  'validate',
];

let compiled: Promise<object> | undefined;
let instances = 0;

/**
 * A new instance of cedar-wasm, which shares nothing with those before it: about 3 ms once the module is compiled.
 * One deeply nested policy makes every later call of its instance throw, so whatever reads foreign text gets an
 * instance of its own and throws it away.
 */
export async function newInstance(): Promise<Cedar> {
  const href = import.meta.resolve('@cedar-policy/cedar-wasm/web');
  compiled ??= readFile(new URL('cedar_wasm_bg.wasm', href)).then((bytes) => WebAssembly.compile(bytes));
  const module = await compiled;
  instances += 1;
  const loaded: unknown = await import(`${href}?instance=${instances}`);
  if (!isCedar(loaded)) throw new Error('cedar-wasm does not offer what Berth calls');
  loaded.initSync({ module });
  return loaded;
}

function isCedar(value: unknown): value is Cedar {
  const offered = new Map(Object.entries(value ?? {}));
  return called.every((name) => typeof offered.get(name) === 'function');
}
