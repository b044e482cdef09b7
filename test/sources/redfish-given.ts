import type { Evidence } from '../../src/sources/source.ts';
import { file } from './given.ts';

/** A dump: a resource under each path. */
export function dump(name: string, resources: object): Evidence {
  return file(name, JSON.stringify(resources, undefined, 1));
}

/** A service with one machine, its chassis and the list of its processors. */
export function server(
  hostName: string,
  more: object = {},
  id = '1',
  processors: readonly string[] = [],
): Record<string, object> {
  const system = `/redfish/v1/Systems/${id}`;
  return {
    [system]: {
      '@odata.id': system,
      '@odata.type': '#ComputerSystem.v1_20_0.ComputerSystem',
      HostName: hostName,
      Manufacturer: 'Contoso',
      Model: '3500',
      Status: { Health: 'OK', State: 'Enabled' },
      Processors: { '@odata.id': `${system}/Processors` },
      Links: { Chassis: [{ '@odata.id': `/redfish/v1/Chassis/${id}` }] },
      ...more,
    },
    [`${system}/Processors`]: {
      '@odata.type': '#ProcessorCollection.ProcessorCollection',
      Members: processors.map((name) => ({ '@odata.id': `${system}/Processors/${name}` })),
    },
    [`/redfish/v1/Chassis/${id}`]: {
      '@odata.type': '#Chassis.v1_22_0.Chassis',
      ChassisType: 'RackMount',
      Status: { Health: 'OK', State: 'Enabled' },
    },
  };
}

/** A processor of the type `GPU` of system 1. */
export function gpu(name: string, more: object): Record<string, object> {
  return {
    [`/redfish/v1/Systems/1/Processors/${name}`]: {
      '@odata.type': '#Processor.v1_20_0.Processor',
      ProcessorType: 'GPU',
      Name: name,
      Status: { Health: 'OK', State: 'Enabled' },
      ...more,
    },
  };
}
