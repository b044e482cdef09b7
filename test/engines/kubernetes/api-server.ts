import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as textOf } from 'node:stream/consumers';

import { z } from 'zod';

import { AnyObject } from '../../../src/engines/kubernetes/object.ts';
import { patchedBy, PatchStep } from './json-patch.ts';
import { faultsOf } from './schemas.ts';
import { Watches } from './watches.ts';

type Stored = {
  readonly object: Tree;
  readonly owners: ReadonlyMap<string, string>;
  readonly version: number;
};
type Tree = { readonly [key: string]: unknown };
const Tree = z.record(z.string(), z.unknown());

type Resource = {
  readonly group: string;
  readonly version: string;
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
};

const resources: readonly Resource[] = [
  ['', 'v1', 'namespaces', 'Namespace', false],
  ['', 'v1', 'nodes', 'Node', false],
  ['', 'v1', 'resourcequotas', 'ResourceQuota', true],
  ['networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', true],
  ['resource.k8s.io', 'v1', 'resourceclaimtemplates', 'ResourceClaimTemplate', true],
  ['batch', 'v1', 'jobs', 'Job', true],
  ['kueue.x-k8s.io', 'v1beta2', 'topologies', 'Topology', false],
  ['kueue.x-k8s.io', 'v1beta2', 'resourceflavors', 'ResourceFlavor', false],
  ['kueue.x-k8s.io', 'v1beta2', 'admissionchecks', 'AdmissionCheck', false],
  ['kueue.x-k8s.io', 'v1beta2', 'clusterqueues', 'ClusterQueue', false],
  ['kueue.x-k8s.io', 'v1beta2', 'localqueues', 'LocalQueue', true],
  ['kueue.x-k8s.io', 'v1beta2', 'workloads', 'Workload', true],
  ['jobset.x-k8s.io', 'v1alpha2', 'jobsets', 'JobSet', true],
  ['k0rdent.mirantis.com', 'v1beta1', 'credentials', 'Credential', true],
  ['k0rdent.mirantis.com', 'v1beta1', 'clusterdeployments', 'ClusterDeployment', true],
  ['k0rdent.mirantis.com', 'v1beta1', 'multiclusterservices', 'MultiClusterService', false],
  ['k0rdent.mirantis.com', 'v1beta1', 'clustertemplates', 'ClusterTemplate', true],
  ['k0rdent.mirantis.com', 'v1beta1', 'clustertemplatechains', 'ClusterTemplateChain', true],
  ['k0rdent.mirantis.com', 'v1beta1', 'regions', 'Region', false],
  ['k0rdent.mirantis.com', 'v1beta1', 'accessmanagements', 'AccessManagement', false],
].map(([group, version, name, kind, namespaced]) =>
  z
    .object({
      group: z.string(),
      version: z.string(),
      name: z.string(),
      kind: z.string(),
      namespaced: z.boolean(),
    })
    .parse({ group, version, name, kind, namespaced }),
);

/**
 * A small API server: discovery, lists by label, server-side apply with owners of fields and conflicts, merge patches and
 * JSON patches, status as a subresource, deletion, dry runs. What it is given it holds against schemas and CEL rules as a real one
 * does, and it refuses unknown fields. It schedules nothing and admits nothing.
 */
export class ApiServer {
  /** Objects by resource, namespace and name. */
  readonly objects = new Map<string, Stored>();
  /** Every write that was asked for: method, path, field manager, dry run. */
  readonly writes: string[] = [];
  /** Answered instead of the next write, once each. */
  readonly failNext: number[] = [];
  /** Writes to let through before the first of `failNext` counts. */
  letThrough = 0;
  /** Done once, just before the next write is looked at: what somebody else does in between. */
  meanwhile: (() => void) | undefined;
  /** Those who watch, and what they were told. */
  readonly watches = new Watches();
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });
  #version = 0;

  /** With a port that was given before, as if it had been restarted: its objects are there, whoever watched is not. */
  async start(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** As if another client had written it. */
  put(object: Tree, manager = 'other'): void {
    const { kind, metadata } = AnyObject.parse(object);
    const resource = resources.find((one) => one.kind === kind);
    if (resource === undefined) throw new Error(`no resource of ${kind}`);
    const owners = new Map(leafsOf(object).map(([path]) => [path, manager]));
    this.#keep(keyOf(resource, metadata.namespace, metadata.name), {
      object,
      owners,
      version: ++this.#version,
    });
  }

  #keep(key: string, stored: Stored): void {
    const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.objects.set(key, stored);
    this.watches.tell(key, { type, object: shown(stored), version: stored.version });
  }

  get(name: string, namespace?: string, of?: string): Tree | undefined {
    const resource = resources.find((one) => one.name === name);
    if (resource === undefined) throw new Error(`no resource ${name}`);
    return this.objects.get(keyOf(resource, namespace, of ?? ''))?.object;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://server');
    const text = await textOf(request);
    const watched = /^(?:1|true)$/u.test(url.searchParams.get('watch') ?? '')
      ? targetOf(url.pathname)
      : undefined;
    if (watched !== undefined) {
      const from = Number(url.searchParams.get('resourceVersion') ?? '0');
      this.watches.open(response, prefixOf(watched), from);
      return;
    }
    const [code, body] = this.#route(request, url, text);
    if (code === 0) {
      request.socket.destroy();
      return;
    }
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }

  #route({ method = 'GET', headers }: IncomingMessage, url: URL, text: string): [number, unknown] {
    const found = discovery(url.pathname);
    if (found !== undefined) return [200, found];
    const target = targetOf(url.pathname);
    if (target === undefined) return status(404, 'NotFound', `the server could not find ${url.pathname}`);
    if (method === 'GET') return this.#read(target, url);
    const manager = url.searchParams.get('fieldManager') ?? '';
    const isDry = url.searchParams.getAll('dryRun').includes('All') || /"dryRun":\["All"\]/u.test(text);
    this.writes.push(`${method} ${url.pathname} ${manager}${isDry ? ' dry' : ''}`);
    const { meanwhile } = this;
    this.meanwhile = undefined;
    meanwhile?.();
    const fail = this.letThrough-- <= 0 ? this.failNext.shift() : undefined;
    if (fail !== undefined) return fail === 0 ? [0, {}] : status(fail, 'InternalError', 'the test says so');
    if (method === 'DELETE') return this.#remove(target);
    if (method !== 'PATCH') return status(405, 'MethodNotAllowed', method);
    const change = { manager, isDry, isForced: url.searchParams.get('force') === 'true' };
    if (String(headers['content-type']).includes('json-patch'))
      return this.#patch(target, z.array(PatchStep).parse(JSON.parse(text)), change);
    return String(headers['content-type']).includes('apply-patch')
      ? this.#apply(target, Tree.parse(JSON.parse(text)), change)
      : this.#merge(target, Tree.parse(JSON.parse(text)), change);
  }

  #read(target: Target, url: URL): [number, unknown] {
    const { resource, namespace, name } = target;
    if (name !== undefined) {
      const found = this.objects.get(keyOf(resource, namespace, name));
      return found === undefined ? missing(target) : [200, shown(found)];
    }
    const selector = (url.searchParams.get('labelSelector') ?? '').split(',').filter(Boolean);
    const prefix = prefixOf(target);
    const items = [...this.objects].flatMap(([key, stored]) =>
      key.startsWith(prefix) && selector.every((term) => isSelected(stored.object, term))
        ? [shown(stored)]
        : [],
    );
    const apiVersion = versionOf(resource);
    return [
      200,
      {
        kind: `${resource.kind}List`,
        apiVersion,
        metadata: { resourceVersion: String(this.#version) },
        items,
      },
    ];
  }

  #apply(target: Target, applied: Tree, change: Change): [number, unknown] {
    const { resource, namespace, name = '', isStatus } = target;
    const key = keyOf(resource, namespace, name);
    const before = this.objects.get(key);
    if (before === undefined && isStatus) return missing(target);
    if (before === undefined && namespace !== undefined && !this.objects.has(`namespaces./${namespace}`))
      return status(404, 'NotFound', `namespaces "${namespace}" not found`);
    const leafs = leafsOf(applied).filter(
      ([path]) => !/^(?:apiVersion|kind|metadata\.name(?:space)?)$/u.test(path),
    );
    const conflicts = leafs.filter(([path, value]) => {
      const owner = before?.owners.get(path);
      return (
        owner !== undefined &&
        owner !== change.manager &&
        JSON.stringify(value) !== JSON.stringify(valueAt(before?.object, path))
      );
    });
    if (conflicts.length > 0 && !change.isForced) return conflict(conflicts, before);
    const own = leafs.map(([path]) => path);
    const dropped = [...(before?.owners ?? [])].flatMap(([path, owner]) =>
      owner === change.manager && !own.includes(path) && path.startsWith('status') === isStatus ? [path] : [],
    );
    const object = merged(dropped.reduce(withoutPath, before?.object ?? {}), applied);
    const owners = new Map([...(before?.owners ?? [])].filter(([path]) => !dropped.includes(path)));
    for (const path of own) owners.set(path, change.manager);
    return this.#store(key, object, { owners, isDry: change.isDry, code: before === undefined ? 201 : 200 });
  }

  #merge(target: Target, patch: Tree, change: Change): [number, unknown] {
    const key = keyOf(target.resource, target.namespace, target.name ?? '');
    const before = this.objects.get(key);
    if (before === undefined) return missing(target);
    const owners = new Map(before.owners);
    for (const [path] of leafsOf(patch)) owners.set(path, change.manager);
    return this.#store(key, merged(before.object, patch), { owners, isDry: change.isDry, code: 200 });
  }

  #patch(target: Target, steps: readonly PatchStep[], change: Change): [number, unknown] {
    const key = keyOf(target.resource, target.namespace, target.name ?? '');
    const before = this.objects.get(key);
    if (before === undefined) return missing(target);
    const object = patchedBy(shown(before), steps);
    if (object === undefined)
      return status(422, 'Invalid', 'the server rejected our request due to an error in our request');
    return this.#store(key, written(object), { owners: before.owners, isDry: change.isDry, code: 200 });
  }

  #store(
    key: string,
    object: Tree,
    { owners, isDry, code }: { owners: ReadonlyMap<string, string>; isDry: boolean; code: number },
  ): [number, unknown] {
    const faults = AnyObject.parse(object).kind === 'Node' ? [] : faultsOf(object);
    if (faults.length > 0) return status(422, 'Invalid', faults.join('; '));
    const stored = { object, owners, version: isDry ? this.#version : ++this.#version };
    if (!isDry) this.#keep(key, stored);
    return [code, shown(stored)];
  }

  #remove(target: Target): [number, unknown] {
    const { resource, namespace, name = '' } = target;
    const own = keyOf(resource, namespace, name);
    const before = this.objects.get(own);
    if (before === undefined) return missing(target);
    this.objects.delete(own);
    const version = ++this.#version;
    this.watches.tell(own, { type: 'DELETED', object: shown({ ...before, version }), version });
    if (resource.name === 'namespaces')
      for (const key of this.objects.keys())
        if (key.split('/')[1] === name && key.split('/').length === 3) this.objects.delete(key);
    return [200, { kind: 'Status', apiVersion: 'v1', status: 'Success' }];
  }
}

type Target = {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly isStatus: boolean;
};
type Change = { readonly manager: string; readonly isDry: boolean; readonly isForced: boolean };

function targetOf(path: string): Target | undefined {
  const match =
    /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+)(?=\/[a-z]))?\/([a-z]+)(?:\/([^/]+))?(\/status)?$/u.exec(
      path,
    );
  const [, group = '', version, namespace, plural, name, sub] = match ?? [];
  const resource = resources.find(
    (one) => one.group === group && one.version === version && one.name === plural,
  );
  return resource === undefined ? undefined : { resource, namespace, name, isStatus: sub !== undefined };
}

function prefixOf({ resource, namespace }: Target): string {
  return `${resource.name}.${resource.group}/${namespace === undefined ? '' : `${namespace}/`}`;
}

function keyOf({ name, group }: Resource, namespace: string | undefined, object: string): string {
  return [`${name}.${group}`, ...(namespace === undefined ? [] : [namespace]), object].join('/');
}

function versionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

function discovery(path: string): unknown {
  if (path === '/version') return { major: '1', minor: '35', gitVersion: 'v1.35.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = [...new Set(resources.map(({ group }) => group))].filter(Boolean);
  const versions = (group: string) =>
    resources.flatMap((one) =>
      one.group === group ? [{ groupVersion: versionOf(one), version: one.version }] : [],
    );
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map((name) => ({
        name,
        versions: versions(name).slice(0, 1),
        preferredVersion: versions(name)[0],
      })),
    };
  const [, core, group = '', version] = /^\/(?:(api\/v1)|apis\/([^/]+)\/([^/]+))$/u.exec(path) ?? [];
  const listed = resources.filter((one) =>
    core === undefined ? one.group === group && one.version === version && group !== '' : one.group === '',
  );
  if (listed.length === 0) return undefined;
  const verbs = ['get', 'list', 'patch', 'delete', 'watch'];
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: core === undefined ? `${group}/${version}` : 'v1',
    resources: listed.flatMap(({ name, kind, namespaced }) => [
      { name, singularName: kind.toLowerCase(), kind, namespaced, verbs },
      { name: `${name}/status`, singularName: '', kind, namespaced, verbs },
    ]),
  };
}

function shown({ object, version }: Stored): Tree {
  const metadata = Tree.parse(object['metadata']);
  return {
    ...object,
    metadata: {
      ...metadata,
      uid: `uid-${String(metadata['name'])}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-11-25T09:00:00Z',
    },
  };
}

/** Without what the server says of it. */
function written(object: Tree): Tree {
  const {
    uid: _uid,
    resourceVersion: _version,
    creationTimestamp: _at,
    ...metadata
  } = Tree.parse(object['metadata']);
  return { ...object, metadata };
}

function isSelected(object: Tree, term: string): boolean {
  const { labels = {} } = AnyObject.parse(object).metadata;
  const [key = '', value] = term.split('=');
  return value === undefined ? key in labels : labels[key] === value;
}

/** Values by path; lists are owned whole, except that keyed ones of a status go by their name or type. */
function leafsOf(tree: unknown, at = ''): [string, unknown][] {
  const parsed = Array.isArray(tree) ? undefined : Tree.safeParse(tree).data;
  if (parsed === undefined || (at !== '' && Object.keys(parsed).length === 0)) return [[at, tree]];
  return Object.entries(parsed).flatMap(([key, value]) =>
    leafsOf(value, at === '' ? escaped(key) : `${at}.${escaped(key)}`),
  );
}

function escaped(key: string): string {
  return key.replaceAll('.', '\u0001');
}

function valueAt(tree: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => Tree.safeParse(value).data?.[key.replaceAll('\u0001', '.')], tree);
}

function withoutPath(tree: Tree, path: string): Tree {
  const [first = '', ...rest] = path.split('.');
  const key = first.replaceAll('\u0001', '.');
  if (rest.length === 0) return Object.fromEntries(Object.entries(tree).filter(([name]) => name !== key));
  const inner = Tree.safeParse(tree[key]).data;
  return inner === undefined ? tree : { ...tree, [key]: withoutPath(inner, rest.join('.')) };
}

function merged(tree: Tree, patch: Tree): Tree {
  const result: Record<string, unknown> = { ...tree };
  for (const [key, value] of Object.entries(patch)) {
    const inner = Array.isArray(value) ? undefined : Tree.safeParse(value).data;
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = inner === undefined ? value : merged(Tree.safeParse(result[key]).data ?? {}, inner);
  }
  return result;
}

function status(code: number, reason: string, message: string, details: object = {}): [number, unknown] {
  return [code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code, ...details }];
}

function missing({ resource, name }: Target): [number, unknown] {
  return status(404, 'NotFound', `${resource.name} "${name ?? ''}" not found`);
}

function conflict(leafs: readonly [string, unknown][], before: Stored | undefined): [number, unknown] {
  const causes = leafs.map(([path]) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${before?.owners.get(path) ?? ''}"`,
    field: `.${path.replaceAll('\u0001', '.')}`,
  }));
  const message = `Apply failed with ${leafs.length} conflicts: ${causes.map(({ message: m, field }) => `${m}: ${field}`).join(', ')}`;
  return status(409, 'Conflict', message, { details: { causes } });
}
