import { stringify } from 'yaml';
import { z } from 'zod';

import { EngineName, type EngineObject } from '../../model/binding.ts';
import { siteOf } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import { inOrder } from '../kubernetes/compile.ts';
import { differencesOf } from '../kubernetes/differences.ts';
import { spanOf } from '../kubernetes/frame.ts';
import { baseName, contractLabel, dnsLabel, labelValue, tenantLabel } from '../kubernetes/names.ts';
import { type Json, objectOf } from '../kubernetes/object.ts';
import { placeLabel } from '../kubernetes/place-labels.ts';
import { yamlOf } from '../kubernetes/yaml.ts';
import type { Compiled, Compiler, EngineOptions, EngineSubject, GrantedSubject, Printed } from '../port.ts';
import { accessName, accessShortfalls, isAccess, ruleObject } from './access.ts';
import { regionAnnotation, shortfallsOf } from './state.ts';

/** What people say about the management cluster. Templates, identities and services are theirs and have to exist. */
const k0rdentOptions = {
  template: 'the ClusterTemplate of the site, which a ClusterTemplateChain of the namespace has to name',
  identity: 'the identity behind the credential, as `Kind/name`, such as `AWSClusterStaticIdentity/aws-eu`',
  'identity-api': 'its API version; `infrastructure.cluster.x-k8s.io/v1beta2` without it',
  namespace: 'where k0rdent keeps its clusters; `kcm-system` without it',
  region: 'a k0rdent Region that is there and ready; the management cluster itself without it',
  'region-kubeconfig':
    'instead of `region`: a Region of the contract’s own, reached by this Secret, as `name` or `name/key`',
  'region-providers': 'the providers of that Region, separated by commas',
  'tenant-namespace':
    'the namespace of the tenant there, which may then use the credential; nobody else may without it',
  services: 'ServiceTemplates of the workload stack, separated by commas',
  'dry-run': '`false` once the dry run has answered; without it nothing is deployed',
} as const satisfies EngineOptions;

const name = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u);
const Settings = z.strictObject({
  template: name,
  identity: z.string().regex(/^[A-Z][A-Za-z]{0,62}\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u),
  'identity-api': z
    .string()
    .regex(/^[a-z0-9.-]+\/v[a-z0-9]+$/u)
    .default('infrastructure.cluster.x-k8s.io/v1beta2'),
  namespace: name.default('kcm-system'),
  region: name.optional(),
  'region-kubeconfig': z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?:\/[A-Za-z0-9._-]{1,253})?$/u)
    .optional(),
  'region-providers': z.string().max(300).default(''),
  'tenant-namespace': z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u)
    .optional(),
  services: z.string().max(300).default(''),
  'dry-run': z.enum(['true', 'false']).default('true'),
});
type Settings = z.infer<typeof Settings>;

export const k0rdentCompiler: Compiler = {
  name: EngineName.parse('k0rdent'),
  compiler: 'k0rdent/3',
  title: 'k0rdent: a cluster for a site that has none, by the management cluster',
  options: k0rdentOptions,
  compile: compileCluster,
  differences: (wanted, found, atMs) => {
    const told = isAccess(wanted) ? accessShortfalls(wanted, found) : shortfallsOf(wanted, found);
    return [...differencesOf(wanted, found, atMs), ...told].slice(0, 8);
  },
  print: printed,
};

/** A contract of a site that has machines and no cluster: the cluster, its services, and who may use the credential. */
export function compileCluster(subject: EngineSubject, options: EngineOptions): Compiled {
  if (subject.kind === 'maintenance')
    return {
      kind: 'unfit',
      why: 'k0rdent has no maintenance windows',
      fix: 'hand it over to the engine of the cluster',
    };
  const settings = Settings.safeParse(options);
  if (!settings.success) return { kind: 'unfit', why: z.prettifyError(settings.error), fix: wanted };
  const sites = [...new Set(subject.placement.members.map(({ node }) => siteOf(node)))];
  const [site] = sites;
  if (site === undefined || sites.length > 1)
    return {
      kind: 'unfit',
      why: `a cluster stands in one site, this is ${sites.length}`,
      fix: 'hand over site by site',
    };
  const services = listOf(settings.data.services);
  const wrong = services.find((service) => !name.safeParse(service).success);
  if (wrong !== undefined) return { kind: 'unfit', why: `\`${wrong}\` is no ServiceTemplate`, fix: wanted };
  const fault = regionFault(settings.data);
  if (fault !== undefined) return { kind: 'unfit', why: fault, fix: wanted };
  const objects = inOrder([
    ...regionOf(subject, settings.data),
    ...clusterOf(subject, settings.data, site),
    ...stack(subject, services),
    ...accessOf(subject, settings.data),
  ]);
  return { kind: 'compiled', objects, notes: notesOf(settings.data), files: [] };
}

function listOf(words: string): readonly string[] {
  return words.split(',').flatMap((word) => word.trim() || []);
}

function regionFault(settings: Settings): string | undefined {
  const { region, 'region-kubeconfig': kubeconfig, 'region-providers': providers } = settings;
  if (region !== undefined && kubeconfig !== undefined)
    return '`region` names a Region that is there and `region-kubeconfig` makes one: say one of them';
  if (providers !== '' && kubeconfig === undefined)
    return '`region-providers` are those of a Region of the contract’s own: say `region-kubeconfig`';
  const wrong = listOf(providers).find((provider) => !name.safeParse(provider).success);
  return wrong === undefined ? undefined : `\`${wrong}\` is no provider`;
}

/** A Region of the contract's own bears its name, so that no other contract has it and it goes with the contract. */
function regionOf(subject: GrantedSubject, settings: Settings): readonly EngineObject[] {
  const [secret, key] = settings['region-kubeconfig']?.split('/') ?? [];
  if (secret === undefined) return [];
  const kubeConfig: Json = { name: secret, ...(key === undefined ? {} : { key }) };
  const providers = listOf(settings['region-providers']).map((provider): Json => ({ name: provider }));
  const spec = { kubeConfig, ...(providers.length === 0 ? {} : { providers }) };
  return [objectOf('Region', metadataOf(subject), { spec })];
}

function accessOf(subject: GrantedSubject, settings: Settings): readonly EngineObject[] {
  const namespace = settings['tenant-namespace'];
  return namespace === undefined ? [] : [ruleObject(subject.id, namespace)];
}

const wanted = Object.entries(k0rdentOptions)
  .map(([option, means]) => `\`${option}\`: ${means}`)
  .join('; ');

function clusterOf(subject: GrantedSubject, settings: Settings, site: string): readonly EngineObject[] {
  const own = metadataOf(subject);
  const { namespace } = settings;
  const region = settings['region-kubeconfig'] === undefined ? settings.region : own.name;
  const [kind = '', identity = ''] = settings.identity.split('/');
  const identityRef = { apiVersion: settings['identity-api'], kind, name: identity, namespace };
  return [
    objectOf(
      'Credential',
      { ...own, namespace },
      {
        spec: {
          description: `contract ${subject.id}`,
          identityRef,
          ...(region === undefined ? {} : { region }),
        },
      },
    ),
    objectOf(
      'ClusterDeployment',
      {
        ...own,
        namespace,
        labels: { ...own.labels, [placeLabel('site')]: site },
        annotations: { ...own.annotations, ...(region === undefined ? {} : { [regionAnnotation]: region }) },
      },
      {
        spec: {
          template: settings.template,
          credential: own.name,
          dryRun: settings['dry-run'] === 'true',
          config: { clusterLabels: { ...own.labels }, workersNumber: nodeNames(subject).length },
        },
      },
    ),
  ];
}

/** Services go to the clusters that carry the contract's id, and to no other. */
function stack(subject: GrantedSubject, services: readonly string[]): readonly EngineObject[] {
  if (services.length === 0) return [];
  const own = metadataOf(subject);
  const listed = services.map((template): Json => ({
    template,
    name: dnsLabel(template),
    namespace: own.name,
  }));
  const spec = {
    clusterSelector: { matchLabels: { [contractLabel]: subject.id } },
    serviceSpec: { services: listed },
  };
  return [objectOf('MultiClusterService', own, { spec })];
}

/** The rule is a patch also for people: an apply of the object that all share would drop the rules of others. */
function printed(objects: readonly EngineObject[]): readonly Printed[] {
  const own = objects.filter((object) => !isAccess(object));
  return [{ file: 'objects.yaml', text: yamlOf(own) }, ...objects.filter(isAccess).map(rulePatch)];
}

const Rules = z.looseObject({ accessRules: z.array(z.json()) });

function rulePatch({ key, body }: EngineObject): Printed {
  const file = `${key.split('/').at(-1) ?? ''}-access-rule.yaml`;
  const [value] = Rules.parse(body['spec']).accessRules;
  const patch = stringify([{ op: 'add', path: '/spec/accessRules/-', value }]);
  const command = `kubectl patch accessmanagements.k0rdent.mirantis.com ${accessName} --type json --patch-file ${file}`;
  return { file, text: `# ${command}\n${patch}` };
}

function metadataOf(subject: GrantedSubject) {
  const labels = { [contractLabel]: subject.id, [tenantLabel]: labelValue(subject.tenant) };
  return { name: baseName(subject.id), labels, annotations: spanOf(subject) };
}

function nodeNames({ placement }: GrantedSubject): readonly string[] {
  const seats = [...placement.members, ...(placement.spares ?? [])];
  return [...new Set(seats.map(({ node }) => node))].toSorted(compareText);
}

function notesOf(settings: Settings): readonly string[] {
  return [
    'the values in `config` are those of k0rdent’s own templates; a template of your own may call them otherwise',
    'k0rdent knows no time and no devices: bind the contract to the new cluster with `--engine kubernetes`',
    settings['tenant-namespace'] === undefined
      ? 'nobody but k0rdent’s own namespace may use the credential: say `tenant-namespace` to let the tenant'
      : `AccessManagement \`${accessName}\` is everybody’s: only the rule of this contract is added to it, and taken out again`,
    ...(settings['region-kubeconfig'] === undefined
      ? []
      : ['the Region is the contract’s own and ends with it; the Secret stays yours']),
    ...(settings['dry-run'] === 'true' ? ['a dry run: k0rdent checks the values and deploys nothing'] : []),
  ];
}
