import type { GpuFacts, Health } from '../../model/fact.ts';
import { pciAddressOf } from '../../model/pci.ts';
import { cleanText } from '../../model/text.ts';
import { gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { known } from '../observation.ts';

/** What Berth reads of a card, whatever the format calls it. */
export type CardField =
  | 'product'
  | 'uuid'
  | 'serial'
  | 'pci'
  | 'memory'
  | 'powerLimit'
  | 'powerDefault'
  | 'powerDraw'
  | 'migMode'
  | 'migPending'
  | 'recoveryAction'
  | 'resetRequired'
  | 'drainRecommended'
  | 'remapPending'
  | 'remapFailure'
  | 'retirePending'
  | 'eccUncorrected'
  | 'hwSlowdown'
  | 'hwThermal'
  | 'hwPowerBrake'
  | 'swThermal'
  | 'clique'
  | 'clusterUuid'
  | 'virtualization';

/** The texts that a format has for a field: several where it has several readings, none where it lacks it. */
export type CardText = (field: CardField) => readonly string[];

export type CardReading = {
  readonly stated: GpuFacts;
  readonly derived: GpuFacts;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
  /** `changing` where the mode becomes another one with the next reset. */
  readonly mig: 'on' | 'off' | 'changing' | undefined;
  /** What joins this product's GPUs, where the product alone decides it. */
  readonly link: GpuLink;
  /** NVLink domain over several machines: cluster UUID and clique. */
  readonly domain: string | undefined;
  readonly isVirtual: boolean;
};

type GpuLink = 'nvlink' | 'none' | undefined;

/** Reads one card. Values that nvidia-smi does not have stay out; those that a reader would expect become gaps. */
export function readCard(text: CardText): CardReading {
  const product = given(text('product'));
  const named = product === undefined ? undefined : gpuModel(product);
  const isStated = named !== undefined && named.inferred === undefined;
  const memoryMib = amount(text('memory'), 'MiB', Math.max);
  const health = healthOf(text);
  const mig = migOf(text);
  return {
    stated: known({
      ...(isStated ? { model: named.model } : {}),
      ...identityOf(text),
      ...(memoryMib === undefined ? {} : { memoryMib }),
      ...measured(text),
      ...(mig.capable === undefined ? {} : { migCapable: mig.capable }),
    }),
    derived: known({
      ...(named !== undefined && !isStated ? { model: named.model } : {}),
      ...ratedPower(text),
      ...(health === undefined ? {} : health),
    }),
    gaps: [...identityGaps(text), ...valueGaps(text, health !== undefined), ...mig.gaps],
    assumptions: loweredLimit(text),
    mig: mig.mode,
    link: named?.link === 'nvlink' || named?.link === 'none' ? named.link : undefined,
    domain: domainOf(text),
    isVirtual: /pass-?through|vgpu/iu.test(given(text('virtualization')) ?? ''),
  };
}

/** What nvidia-smi writes where it has no value, with and without the brackets of the CSV. */
const noValue =
  /^\[?(?:N\/A|Not Supported|Unknown Error|No data|Insufficient Permissions|Function Not Found|REDACTED|None|ERR!|Requested functionality has been deprecated)\]?$/iu;

/** The same for a card that does not answer any more. */
const lost = /^\[?(?:GPU (?:is lost|requires reset)|Reset Required)\]?$/iu;

function given(texts: readonly string[]): string | undefined {
  const text = texts[0]?.trim() ?? '';
  return text === '' || noValue.test(text) || lost.test(text) ? undefined : text;
}

/** Whole units, with or without their name. The readings of one field are folded into one. */
function amount(
  texts: readonly string[],
  unit: 'MiB' | 'W',
  fold: (first: number, ...others: number[]) => number,
): number | undefined {
  const values = texts.flatMap((text) => {
    const [, digits, word] = /^(\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]*)$/u.exec(text.trim()) ?? [];
    return digits === undefined || (word !== '' && word !== unit) ? [] : [Math.ceil(Number(digits))];
  });
  const [first, ...others] = values;
  return first === undefined ? undefined : fold(first, ...others);
}

/** Captures are published with their identities masked: zeros identify nobody. */
function identified(text: string | undefined): string | undefined {
  return text === undefined || /^(?:GPU-)?[0-]+$/u.test(text) ? undefined : cleanText(text);
}

function identityOf(text: CardText): GpuFacts {
  const uuid = identified(given(text('uuid')));
  const serial = identified(given(text('serial')));
  const pciAddress = pciAddressOf(given(text('pci')) ?? '');
  return known({
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
    ...(pciAddress === undefined ? {} : { pciAddress }),
  });
}

function identityGaps(text: CardText): Gap[] {
  return (['uuid', 'serial'] as const).flatMap((attribute) => {
    const value = given(text(attribute));
    const isMasked = value !== undefined && identified(value) === undefined;
    return isMasked ? [{ attribute, why: 'it is all zeros: masked, or never set' }] : [];
  });
}

/** Fields that every card should have, where this one has a word instead of a value. */
function valueGaps(text: CardText, hasHealth: boolean): Gap[] {
  const expected = [
    ['memoryMib', 'memory', 'MiB'],
    ['powerW', 'powerLimit', 'W'],
    ['measuredW', 'powerDraw', 'W'],
  ] as const;
  const gaps: Gap[] = expected.flatMap(([attribute, field, unit]) => {
    const [first] = text(field);
    if (first === undefined || amount(text(field), unit, Math.max) !== undefined) return [];
    return [{ attribute, why: `nvidia-smi says \`${cleanText(first, 60)}\`` }];
  });
  const isSilent = !hasHealth && text('product').length > 0;
  const why =
    'none of the readings that tell of health (recovery action, row remapping, ECC, slowdown) has a value';
  return isSilent ? [...gaps, { attribute: 'health', why }] : gaps;
}

/**
 * The most a card draws: its limit, but never less than the limit it returns to when the driver is loaded again. The
 * limit of a module (GB200: GPUs and CPU together) is not the card's.
 */
function ratedPower(text: CardText): GpuFacts {
  const limits = [limitOf(text, 'powerLimit'), limitOf(text, 'powerDefault')].filter(
    (watts) => watts !== undefined,
  );
  const powerW = limits.length === 0 ? undefined : Math.max(...limits);
  return powerW === undefined ? {} : { powerW };
}

/** What is enforced stands before what was asked for. */
function limitOf(text: CardText, field: 'powerLimit' | 'powerDefault'): number | undefined {
  return amount(text(field), 'W', (first) => first);
}

function loweredLimit(text: CardText): string[] {
  const limit = limitOf(text, 'powerLimit');
  const standard = limitOf(text, 'powerDefault');
  return limit !== undefined && standard !== undefined && limit < standard
    ? ['cards whose power limit was lowered count with their default limit: a lowered one ends with a reboot']
    : [];
}

/** One reading is the most this file has seen, not the most the card draws. */
function measured(text: CardText): GpuFacts {
  const measuredW = amount(text('powerDraw'), 'W', Math.max);
  return measuredW === undefined ? {} : { measuredW };
}

function migOf(text: CardText): { mode: CardReading['mig']; capable?: boolean; gaps: readonly Gap[] } {
  const [current, pending] = [text('migMode')[0]?.trim(), text('migPending')[0]?.trim()];
  if (current === undefined) return { mode: undefined, gaps: [] };
  if (/^\[?(?:N\/A|Not Supported)\]?$/iu.test(current)) return { mode: 'off', capable: false, gaps: [] };
  if (!/^(?:Enabled|Disabled)$/iu.test(current)) {
    const why = `the MIG mode reads \`${cleanText(current, 40)}\``;
    return { mode: undefined, gaps: [{ attribute: 'migCapable', why }] };
  }
  const isChanging = pending !== undefined && /^(?:Enabled|Disabled)$/iu.test(pending) && pending !== current;
  const why = `MIG is ${current.toLowerCase()} and will be ${pending?.toLowerCase() ?? ''} after the next reset`;
  return isChanging
    ? { mode: 'changing', capable: true, gaps: [{ attribute: 'sharing', why }] }
    : { mode: /^e/iu.test(current) ? 'on' : 'off', capable: true, gaps: [] };
}

function domainOf(text: CardText): string | undefined {
  const cluster = identified(given(text('clusterUuid')));
  const clique = given(text('clique'));
  return cluster === undefined || clique === undefined ? undefined : `${cluster}.${clique}`;
}

type HealthReading = { readonly health: Health; readonly healthReason?: string };

/**
 * Health of a card, worst sign first. Down: it does not answer, must be reset or its node rebooted, or its rows can no
 * longer be remapped. Degraded: it works, but a reset is due, memory errors could not be corrected, or the
 * hardware slows it down. Healthy: none of these, and at least one of them has a value that says so.
 * Sources: nvmlDeviceGpuRecoveryAction_t and nvmlClocksEventReasons of nvml.h; NVIDIA GPU memory error management,
 * row remapping (a failure is a reason to return the card).
 */
function healthOf(text: CardText): HealthReading | undefined {
  const found = signs.flatMap((sign) => {
    const reading = sign.read(text);
    return reading === undefined ? [] : [{ health: sign.health, ...reading }];
  });
  const [worst] = found.filter(({ isBad }) => isBad);
  if (worst !== undefined) return { health: worst.health, healthReason: cleanText(worst.reason) };
  return found.length === 0 ? undefined : { health: 'healthy' };
}

type Sign = {
  readonly health: Health;
  /** Nothing where the file does not say. */
  readonly read: (text: CardText) => { readonly isBad: boolean; readonly reason: string } | undefined;
};

const signs: readonly Sign[] = [
  { health: 'down', read: silence },
  { health: 'down', read: recovery(/reset|reboot/iu, /drain/iu) },
  { health: 'down', read: yes('resetRequired', 'it must be reset') },
  { health: 'down', read: yes('remapFailure', 'a row of its memory could not be remapped') },
  { health: 'degraded', read: recovery(/drain/iu) },
  { health: 'degraded', read: yes('drainRecommended', 'draining and a reset are recommended') },
  { health: 'degraded', read: yes('remapPending', 'rows of its memory are remapped with the next reset') },
  { health: 'degraded', read: yes('retirePending', 'pages of its memory are retired with the next reset') },
  { health: 'degraded', read: uncorrected },
  { health: 'degraded', read: active('hwThermal', 'the hardware slows it down: heat') },
  { health: 'degraded', read: active('hwPowerBrake', 'the hardware slows it down: power brake') },
  { health: 'degraded', read: active('hwSlowdown', 'the hardware slows it down') },
  { health: 'degraded', read: active('swThermal', 'the driver slows it down: heat') },
];

function silence(text: CardText): ReturnType<Sign['read']> {
  const said = (['product', 'uuid', 'memory', 'powerDraw'] as const)
    .flatMap((field) => text(field))
    .find((value) => lost.test(value.trim()));
  return said === undefined ? undefined : { isBad: true, reason: `nvidia-smi says \`${said.trim()}\`` };
}

/** NVML's word for what would bring the card back: `None`, `Reset`, `Reboot`, `Drain P2P`, `Drain and Reset`. */
function recovery(bad: RegExp, unless?: RegExp): Sign['read'] {
  return (text) => {
    const action = text('recoveryAction')[0]?.trim();
    if (action === undefined || action === '' || /^\[?N\/A\]?$/iu.test(action)) return undefined;
    const isBad = bad.test(action) && unless?.test(action) !== true;
    return { isBad, reason: `recovery action \`${cleanText(action, 40)}\`` };
  };
}

function yes(field: CardField, reason: string): Sign['read'] {
  return (text) => {
    const said = given(text(field));
    return said !== undefined && /^(?:yes|no)$/iu.test(said)
      ? { isBad: /^y/iu.test(said), reason }
      : undefined;
  };
}

function active(field: CardField, reason: string): Sign['read'] {
  return (text) => {
    const said = given(text(field));
    if (said === undefined || !/^(?:not )?active$/iu.test(said)) return undefined;
    return { isBad: /^a/iu.test(said), reason };
  };
}

function uncorrected(text: CardText): ReturnType<Sign['read']> {
  const counts = text('eccUncorrected').flatMap((said) =>
    /^\d{1,15}$/u.test(said.trim()) ? [Number(said)] : [],
  );
  const sum = counts.reduce((total, count) => total + count, 0);
  if (counts.length === 0) return undefined;
  return { isBad: sum > 0, reason: `${sum} memory errors since the driver was loaded were not corrected` };
}
