import type { Kubectl } from '../../../src/engines/kubernetes/kubectl.ts';

/** kubectl asks the server's OpenAPI, in protobuf, whether it validates. Ours has none, and refuses unknown fields anyway. */
export function unvalidated(real: Kubectl): Kubectl {
  return (args, input) => real(args[0] === 'apply' ? [...args, '--validate=false'] : args, input);
}

/** A kubeconfig for the small API server. */
export function configFor(url: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: url } }],
    users: [{ name: 'test', user: {} }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}
