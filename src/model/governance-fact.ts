import { z } from 'zod';

import { instantNamed } from './day.ts';
import { Country, Digest, PrincipalId, TenantId } from './id.ts';
import { PublicKey, Signature } from './key.ts';
import { cleanText } from './text.ts';
import { AtMs } from './unit.ts';

/** Whom or what a fact is about. */
const FactSubjectKind = z.enum(['site', 'provider', 'tenant', 'project', 'agreement', 'model', 'incident']);
type FactSubjectKind = z.infer<typeof FactSubjectKind>;

/**
 * `site:fra1`, `provider:mainkern-rechenzentren-gmbh`, `tenant:acme`, `project:acme/support`, `model:H100-SXM-80GB`,
 * `agreement:acme@mainkern-rechenzentren-gmbh` (of a tenant with the operator of sites), `incident:acme/2026-11-db`.
 */
export const FactSubject = z
  .string()
  .max(160)
  .regex(
    /^(?:site|provider|tenant|project|agreement|model|incident):[A-Za-z0-9][A-Za-z0-9 ._+@/-]*$/,
    'a subject is a kind and an id, such as `site:fra1` or `agreement:acme@mainkern-gmbh`',
  )
  .brand<'FactSubject'>();
export type FactSubject = z.infer<typeof FactSubject>;

type FactType = 'yes-no' | 'number' | 'day' | 'instant' | 'text' | 'words' | 'country' | 'countries';

/** What a fact may say. `legal`: a conclusion of law, which a person signs and no program draws. */
export type FactForm = {
  readonly about: readonly FactSubjectKind[];
  readonly type: FactType;
  readonly what: string;
  readonly legal?: true;
};

const workload = ['tenant', 'project'] as const;
const bp = 'hundredths of a percent';

/** Every fact that rules read and that people record: the closed list. Inventory facts come from sources instead. */
export const factForms: Readonly<Record<string, FactForm>> = {
  // Sites.
  backupCountries: { about: ['site'], type: 'countries', what: 'countries that hold backups' },
  supportIsOwnStaff: {
    about: ['site'],
    type: 'yes-no',
    what: 'whoever supports from elsewhere is employed by the operator itself',
  },
  encryptedAtRest: { about: ['site'], type: 'yes-no', what: 'data is encrypted at rest' },
  encryptedInTransit: { about: ['site'], type: 'yes-no', what: 'data is encrypted in transit' },
  restoreTestedOn: { about: ['site'], type: 'day', what: 'when a restore was tested last' },
  dedicatedTo: { about: ['site'], type: 'words', what: 'tenants that the site is set apart for' },
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 7, 8].flatMap((objective): [string, FactForm][] => [
      [
        `seal${objective}`,
        { about: ['site'], type: 'number', what: `SEAL reached for SOV-${objective}, 0 to 4` },
      ],
      [
        `minSeal${objective}`,
        { about: workload, type: 'number', what: `SEAL wanted for SOV-${objective}, 0 to 4` },
      ],
    ]),
  ),
  cadaLevel: { about: ['site'], type: 'number', what: 'Union assurance level of the CADA proposal, 1 to 4' },
  c5ReportType: { about: ['site'], type: 'number', what: 'type of the C5 report, 1 or 2' },
  c5CoversSite: { about: ['site'], type: 'yes-no', what: 'the C5 report covers service and location' },
  c5PeriodEndOn: { about: ['site'], type: 'day', what: 'the last day that the C5 report covers' },
  secNumCloudQualified: { about: ['site'], type: 'yes-no', what: 'a SecNumCloud qualification is in force' },
  // Providers: whoever operates sites.
  lei: { about: ['provider'], type: 'text', what: 'legal entity identifier' },
  group: { about: ['provider'], type: 'text', what: 'the group it belongs to' },
  dpfCertified: {
    about: ['provider'],
    type: 'yes-no',
    what: 'certified under the EU-US Data Privacy Framework',
  },
  subcontractorCountries: { about: ['provider'], type: 'countries', what: 'countries of its subcontractors' },
  subcontractChainComplete: {
    about: ['provider'],
    type: 'yes-no',
    what: 'its chain of subcontractors is known whole',
  },
  thirdCountryAccessMeasures: {
    about: ['provider'],
    type: 'yes-no',
    what: 'measures against access by third countries to data that is not personal',
  },
  holdersOutsideEuMaxBp: {
    about: ['provider'],
    type: 'number',
    what: `largest share held from outside the EU, ${bp}`,
  },
  holdersOutsideEuTogetherBp: {
    about: ['provider'],
    type: 'number',
    what: `all shares held from outside the EU, ${bp}`,
  },
  pciAocOn: { about: ['provider'], type: 'day', what: 'date of its PCI DSS attestation of compliance' },
  pciA1Evidence: { about: ['provider'], type: 'yes-no', what: 'evidence of PCI DSS Appendix A1' },
  // Agreements of a tenant with a provider.
  serviceType: { about: ['agreement'], type: 'text', what: 'type of ICT service' },
  dpaSigned: {
    about: ['agreement'],
    type: 'yes-no',
    what: 'data processing agreement of GDPR Art. 28(3) is signed',
  },
  operatorAuthorised: {
    about: ['agreement'],
    type: 'yes-no',
    what: 'the operator is an authorised (sub-)processor',
  },
  safeguard: {
    about: ['agreement'],
    type: 'text',
    what: 'safeguard of GDPR Art. 46, such as `scc-2021-914` or `bcr`',
  },
  transferToolValid: {
    about: ['agreement'],
    type: 'yes-no',
    legal: true,
    what: 'the transfer assessment concludes that the safeguard holds',
  },
  agreedRegions: {
    about: ['agreement'],
    type: 'countries',
    what: 'countries agreed for service, processing and storage',
  },
  doraClauses: {
    about: ['agreement'],
    type: 'words',
    what: 'points of DORA Art. 30(2) in the agreement: a to i',
  },
  doraCriticalClauses: {
    about: ['agreement'],
    type: 'words',
    what: 'points of DORA Art. 30(3) in it: a to f',
  },
  exitPlanTestedOn: { about: ['agreement'], type: 'day', what: 'when the exit plan was tested last' },
  criticalShareBp: {
    about: ['agreement'],
    type: 'number',
    what: `share of critical workload with its group, ${bp}`,
  },
  noticeDays: { about: ['agreement'], type: 'number', what: 'days of notice for switching' },
  transitionDays: { about: ['agreement'], type: 'number', what: 'days of transition for switching' },
  retrievalDays: { about: ['agreement'], type: 'number', what: 'days for which data can be retrieved' },
  switchingChargeCents: { about: ['agreement'], type: 'number', what: 'charge for switching, in cents' },
  supplierRiskReviewed: {
    about: ['agreement'],
    type: 'yes-no',
    what: 'a risk record of this supplier exists',
  },
  baaSigned: { about: ['agreement'], type: 'yes-no', what: 'a HIPAA business associate agreement is signed' },
  pciAgreementSigned: { about: ['agreement'], type: 'yes-no', what: 'a written PCI DSS agreement is signed' },
  exportAuthorisation: {
    about: ['agreement'],
    type: 'text',
    legal: true,
    what: 'the export licence or exception that covers this tenant at this operator',
  },
  // Tenants, and single projects where they differ.
  seat: { about: ['tenant'], type: 'country', what: 'country of the seat' },
  parentSeat: { about: ['tenant'], type: 'country', what: "country of the ultimate parent's seat" },
  personalData: {
    about: workload,
    type: 'yes-no',
    legal: true,
    what: 'the data is personal (GDPR Art. 4(1))',
  },
  criticalFunction: {
    about: workload,
    type: 'yes-no',
    legal: true,
    what: 'it supports a critical or important function (DORA Art. 3(22))',
  },
  highRisk: { about: workload, type: 'yes-no', legal: true, what: 'a high-risk AI system (AI Act Art. 6)' },
  deidentified: { about: workload, type: 'yes-no', legal: true, what: 'health data is de-identified' },
  gpaiNotified: {
    about: workload,
    type: 'yes-no',
    legal: true,
    what: 'the notification of AI Act Art. 52 was made',
  },
  logRetentionDays: {
    about: workload,
    type: 'number',
    what: 'days for which logs are kept; 0 when there are none',
  },
  lineage: { about: workload, type: 'text', what: 'the model lineage that training adds to' },
  utilisationBp: { about: workload, type: 'number', what: `share of peak that training reaches, ${bp}` },
  priorExaFlop: {
    about: workload,
    type: 'number',
    what: 'training of the lineage done elsewhere, in 10^18 FLOP',
  },
  exitPlanMaxAgeDays: { about: ['tenant'], type: 'number', what: 'how old an exit test may be' },
  concentrationLimitBp: {
    about: ['tenant'],
    type: 'number',
    what: `most of its critical workload at one group, ${bp}`,
  },
  c5MaxAgeDays: { about: ['tenant'], type: 'number', what: 'how old a C5 report may be' },
  keyCountries: { about: workload, type: 'countries', what: 'countries in which keys may be held' },
  requiresEncryption: {
    about: workload,
    type: 'yes-no',
    what: 'data must be encrypted at rest and in transit',
  },
  restoreTestMaxAgeDays: { about: workload, type: 'number', what: 'how old a restore test may be' },
  minIsolation: { about: workload, type: 'text', what: 'isolation class that a site must offer' },
  minCadaLevel: { about: workload, type: 'number', what: 'CADA level wanted, 1 to 4' },
  processingPurpose: {
    about: workload,
    type: 'text',
    what: 'purpose of processing, for the record of GDPR Art. 30',
  },
  dataCategories: { about: workload, type: 'words', what: 'categories of data and people, for that record' },
  retentionDays: { about: workload, type: 'number', what: 'days until data is erased, for that record' },
  securityMeasures: { about: workload, type: 'text', what: 'measures of GDPR Art. 32, for that record' },
  functionName: {
    about: workload,
    type: 'text',
    what: 'the function that the service supports, for the DORA register',
  },
  // Incidents of a tenant, for NIS2 Art. 23.
  awareAt: { about: ['incident'], type: 'instant', what: 'when the entity became aware of it' },
  significant: {
    about: ['incident'],
    type: 'yes-no',
    legal: true,
    what: 'the incident is significant (NIS2 Art. 23(3))',
  },
  earlyWarningAt: { about: ['incident'], type: 'instant', what: 'when the early warning was given' },
  notifiedAt: { about: ['incident'], type: 'instant', what: 'when the incident notification was submitted' },
  finalReportAt: { about: ['incident'], type: 'instant', what: 'when the final report was submitted' },
  // Accelerator models.
  tpp: { about: ['model'], type: 'number', what: 'total processing performance (ECCN 3A090)' },
  peakTflops: { about: ['model'], type: 'number', what: 'dense BF16 peak in TFLOPS' },
};

const word = z
  .string()
  .min(1)
  .max(160)
  .refine((text) => cleanText(text, 160) === text, 'plain text on one line');

/** A number is an integer, a day is `2026-11-22`, words are a list. */
export const FactValue = z.union([z.boolean(), z.int(), word, z.array(word).max(250)]);
export type FactValue = z.infer<typeof FactValue>;

/** A person's signature and the key that it is checked with. */
export const Signed = z.strictObject({ by: PrincipalId, key: PublicKey, signature: Signature });
export type Signed = z.infer<typeof Signed>;

/** What somebody vouches for. Never edited: a newer one replaces it, a retraction ends it, and so does its expiry. */
export const GovernanceFact = z.strictObject({
  subject: FactSubject,
  attribute: z.string().regex(/^[a-z][A-Za-z0-9]{0,40}$/),
  value: FactValue,
  assertedBy: word.describe('who vouches for it: a person, a role, an auditor'),
  evidence: Digest.describe('of the document it rests on'),
  evidenceName: word.optional(),
  assertedAtMs: AtMs,
  expiresAtMs: AtMs.describe('from then on it counts as missing'),
  signed: Signed.optional().describe('for conclusions of law'),
});
export type GovernanceFact = z.infer<typeof GovernanceFact>;

/** What is recorded, by subject and attribute: one fact each, the newest. */
export type FactBook = ReadonlyMap<FactSubject, ReadonlyMap<string, GovernanceFact>>;

/** What the signer of a conclusion of law signs: the canonical JSON of this. */
export function factBody({ signed: _signed, ...fact }: GovernanceFact): object {
  return { schema: 'berth/fact/1', ...fact };
}

/** What is wrong with a fact by the list above; nothing when it is well formed. */
export function faultOfFact({
  subject,
  attribute,
  value,
  assertedAtMs,
  expiresAtMs,
}: GovernanceFact): string | undefined {
  const form = formOf(attribute);
  if (form === undefined) return `there is no fact \`${attribute}\``;
  const kind = kindOfSubject(subject);
  if (kind === 'incident' && (!subject.includes('/') || tenantOfSubject(subject) === undefined))
    return 'an incident is named by its tenant and a name, such as `incident:acme/2026-11-db`';
  if (!form.about.some((each) => each === kind))
    return `\`${attribute}\` is a fact about a ${form.about.join(' or ')}`;
  if (!isOfType(value, form.type)) return `\`${attribute}\` is ${wordsForType[form.type]}`;
  return expiresAtMs <= assertedAtMs ? 'a fact expires after it was asserted' : undefined;
}

export function formOf(attribute: string): FactForm | undefined {
  return Object.hasOwn(factForms, attribute) ? factForms[attribute] : undefined;
}

function kindOfSubject(subject: FactSubject): FactSubjectKind {
  return FactSubjectKind.parse(subject.split(':', 1)[0]);
}

/** The tenant that a fact is about; nothing for sites, providers and models, which concern everybody. */
export function tenantOfSubject(subject: FactSubject): TenantId | undefined {
  const kind = kindOfSubject(subject);
  if (kind === 'site' || kind === 'provider' || kind === 'model') return undefined;
  const id = subject.slice(subject.indexOf(':') + 1).split(/[/@]/, 1)[0];
  const parsed = TenantId.safeParse(id);
  return parsed.success ? parsed.data : undefined;
}

export const wordsForType: Readonly<Record<FactType, string>> = {
  'yes-no': 'true or false',
  number: 'a whole number',
  day: 'a day such as 2026-11-22',
  instant: 'an instant with an offset, such as 2026-11-22T08:30:00+01:00',
  text: 'text',
  words: 'a list of words',
  country: 'a country, two capital letters such as DE',
  countries: 'a list of countries, two capital letters each',
};

function isOfType(value: FactValue, type: FactType): boolean {
  switch (type) {
    case 'yes-no':
      return typeof value === 'boolean';
    case 'number':
      return typeof value === 'number';
    case 'text':
      return typeof value === 'string';
    case 'words':
      return Array.isArray(value);
    case 'country':
      return isCountry(value);
    case 'countries':
      return Array.isArray(value) && value.every(isCountry);
    case 'day':
      return typeof value === 'string' && /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(value);
    case 'instant':
      return instantOf(value) !== undefined;
    default:
      return type satisfies never;
  }
}

/** Milliseconds since 1970 of a fact that is an instant. */
export function instantOf(value: FactValue | undefined): number | undefined {
  return typeof value === 'string' ? instantNamed(value) : undefined;
}

function isCountry(value: FactValue): boolean {
  return Country.safeParse(value).success;
}
