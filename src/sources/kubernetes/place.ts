import type { Fact, SiteFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { type Cloud, countryOfRegion } from '../cloud/region.ts';
import { invalidFile } from '../evidence.ts';
import type { Gap } from '../gpu-reading.ts';
import { pathOf, requireSite, segmentOf } from '../path.ts';
import type { Texts } from './listed.ts';
import type { KubernetesNode } from './object.ts';

/** Where a node stands, as far as its labels tell. */
export type Place = {
  readonly site: Path;
  readonly hall?: Path;
  readonly rack?: Path;
  readonly node: Path;
  readonly leaf?: { readonly id: Path; readonly facts: Extract<Fact, { kind: 'leaf' }>['set'] };
  /** The NVLink domain that it shares with other nodes. */
  readonly island?: Path;
  readonly gaps: readonly Gap[];
};

/**
 * The place of a node: `--site`, else its region label, then hall and rack where labels name them. A zone is not
 * a rack, and a switch of a cloud's network is not one either. Throws when the site is neither given nor labelled.
 */
export function placeOf(node: KubernetesNode, site: string | undefined): Place {
  const root = siteOf(node, site);
  const hall = labelled(node.labels, /^(?:data-?)?hall$/u);
  const rack = labelled(node.labels, /^(?:topology-)?rack(?:-(?:id|name))?$/u);
  const hallPath = hall === undefined ? undefined : pathOf(root, hall);
  const rackPath = rack === undefined ? undefined : pathOf(root, hall, rack);
  const leaf = leafOf(node.labels, root);
  const island = islandOf(node.labels, root);
  return {
    site: root,
    ...(hallPath === undefined ? {} : { hall: hallPath }),
    ...(rackPath === undefined ? {} : { rack: rackPath }),
    node: pathOf(root, hall, rack, segmentOf(node.name)),
    ...(leaf === undefined ? {} : { leaf }),
    ...island,
  };
}

/** What labels and provider ids of a site's nodes say about the site, and what stays open. */
export function readSite(nodes: readonly KubernetesNode[]): {
  readonly stated: SiteFacts;
  readonly derived: SiteFacts;
  readonly gap: string | undefined;
} {
  const regions = new Set(nodes.flatMap(({ labels }) => regionOf(labels) ?? []));
  const clouds = new Set(nodes.map((node) => cloudOf(node)));
  const [region] = regions;
  const [cloud] = clouds;
  const stated =
    regions.size > 0 ? { aliases: [...regions].slice(0, 16).map((name) => cleanText(name)) } : {};
  if (region === undefined) return { stated, derived: {}, gap: 'no region label' };
  if (regions.size > 1) return { stated, derived: {}, gap: 'the nodes name several regions' };
  if (clouds.size > 1) return { stated, derived: {}, gap: 'the nodes belong to several providers' };
  if (cloud === undefined)
    return {
      stated,
      derived: {},
      gap: `region \`${cleanText(region, 80)}\` of no provider that Berth knows`,
    };
  const country = countryOfRegion(cloud, region);
  return {
    stated,
    derived: { kind: 'cloud', ...(country === undefined ? {} : { country }) },
    gap:
      country === undefined
        ? `region \`${cleanText(region, 80)}\` is not in the table for ${cloud}`
        : undefined,
  };
}

function siteOf(node: KubernetesNode, site: string | undefined): Path {
  if (site !== undefined) return requireSite(site, node.evidence);
  const region = regionOf(node.labels);
  if (region !== undefined) return pathOf(segmentOf(region));
  throw invalidFile(
    node.evidence,
    `node \`${cleanText(node.name, 100)}\` has no region label, so its site is not known`,
    'pass `--site`, such as `--site fra1`',
    node.line === undefined ? {} : { line: node.line },
  );
}

function regionOf(labels: Texts): string | undefined {
  const region =
    labels.get('topology.kubernetes.io/region') ?? labels.get('failure-domain.beta.kubernetes.io/region');
  return region === '' ? undefined : region;
}

/** A region name alone proves nothing: anybody may call a region `us-east-1`. */
function cloudOf({ spec, labels }: KubernetesNode): Cloud | undefined {
  const scheme = /^(aws|gce|azure):\/\//u.exec(spec?.providerId ?? '')?.[1];
  if (scheme !== undefined) return scheme === 'gce' ? 'gcp' : scheme === 'aws' ? 'aws' : 'azure';
  const keys = [...labels.keys()];
  if (keys.some((key) => key.startsWith('eks.amazonaws.com/'))) return 'aws';
  if (keys.some((key) => key.startsWith('cloud.google.com/gke-'))) return 'gcp';
  return keys.some((key) => key.startsWith('kubernetes.azure.com/')) ? 'azure' : undefined;
}

/** Keeps a whole path within its 200 characters, whatever the labels say. */
const placeNameCap = 30;

/** The one value of the labels whose name (behind the `/`) matches. Labels that contradict each other say nothing. */
function labelled(labels: Texts, name: RegExp): string | undefined {
  const values = new Set(
    [...labels].flatMap(([key, value]) =>
      value !== '' && name.test(key.slice(key.lastIndexOf('/') + 1)) ? [segmentOf(value, placeNameCap)] : [],
    ),
  );
  const [only] = values;
  return values.size === 1 ? only : undefined;
}

/**
 * The switches that labels name, nearest first: topograph's tiers, else the layers of AWS' network, whose highest
 * number is nearest to the machine.
 *
 * Sources: NVIDIA/topograph, docs/reference/node-labels.md; AWS, "Amazon EC2 instance topology".
 */
function leafOf(labels: Texts, site: Path): Place['leaf'] {
  const tiers = [0, 1].flatMap((n) => labels.get(`fabric.topograph.run/tier-${n}`) || []);
  const layers = [4, 3, 2, 1].flatMap((n) => labels.get(`topology.k8s.aws/network-node-layer-${n}`) || []);
  const [leaf, spine] = tiers.length > 0 ? tiers : layers;
  if (leaf === undefined) return undefined;
  return {
    id: pathOf(site, segmentOf(leaf)),
    facts: spine === undefined ? {} : { spine: pathOf(site, segmentOf(spine)) },
  };
}

/**
 * The NVLink domain over several nodes: GPU Feature Discovery's clique (the fabric's UUID and a number), or topograph's
 * domain. A UUID of zeros is none: the fabric manager has not finished.
 */
function islandOf(labels: Texts, site: Path): Pick<Place, 'island' | 'gaps'> {
  const said = ['nvidia.com/gpu.clique', 'accelerator.topograph.run/domain'].map(
    (key) => labels.get(key) ?? '',
  );
  const names = new Set(said.filter((name) => name !== '' && !/^0{8}-0{4}-0{4}-0{4}-0{12}\./u.test(name)));
  const [name] = names;
  if (name === undefined) return { gaps: [] };
  if (names.size > 1) {
    const why = 'the labels of GPU Feature Discovery and of topograph name different NVLink domains';
    return { gaps: [{ attribute: 'island', why }] };
  }
  return { island: pathOf(site, segmentOf(name)), gaps: [] };
}
