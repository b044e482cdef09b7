import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { parseVkey, signingKey } from '../../src/ledger/note-key.ts';
import { openNote, signNote } from '../../src/ledger/note.ts';
import { emptyRoot } from '../../src/ledger/tree-hash.ts';
import { headText, parseHead } from '../../src/ledger/tree-head.ts';

/** The example of C2SP signed-note, "Verifier keys" (https://c2sp.org/signed-note, CC BY 4.0). */
const exampleKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const exampleNote = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;

/** The example of C2SP tlog-checkpoint; its key is not published. */
const exampleHead = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
`;

describe('the examples of C2SP', () => {
  test('the note opens with its key', () => {
    expect(openNote(exampleNote, [parseVkey(exampleKey)])).toEqual({
      kind: 'signed',
      text: 'This is an example message.\n',
      signatures: 1,
    });
  });

  test.each([
    ['a changed text', exampleNote.replace('example message', 'Example message'), 'false signature'],
    ['a changed signature', exampleNote.replace('IneyaQM=', 'IneyaAM='), 'false signature'],
    ['stray bits behind the signature', exampleNote.replace('IneyaQM=', 'IneyaQN='), 'not a signed note'],
    ['another name', exampleNote.replace('— example.com/foo', '— example.com/bar'), 'no signature'],
    ['another key id', exampleNote.replace('Uw2QOk', 'Uw2QPk'), 'no signature'],
    ['no newline at the end', exampleNote.slice(0, -1), 'not a signed note'],
    ['no signature', 'This is an example message.\n\n', 'not a signed note'],
    ['a control character', exampleNote.replace(' is ', ' is\u0007 '), 'not a signed note'],
    ['a hyphen for the dash', exampleNote.replace('—', '-'), 'not a signed note'],
  ])('%s is refused', (_, note, why) => {
    const opened = openNote(note, [parseVkey(exampleKey)]);
    expect(opened.kind === 'refused' ? opened.why : '').toContain(why);
  });

  test('the tree head is read and written the same', () => {
    const head = parseHead(exampleHead);
    expect(head).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 });
    expect(head === undefined ? '' : headText(head)).toBe(exampleHead);
  });

  test.each([
    ['a leading zero', exampleHead.replace('20852163', '020852163')],
    ['a sign', exampleHead.replace('20852163', '+1')],
    ['no origin', exampleHead.replace('example.com/behind-the-sofa', '')],
    ['a short root', exampleHead.replace('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'CsUYag==')],
    ['an empty extension line', `${exampleHead}\n`],
    ['no last newline', exampleHead.slice(0, -1)],
  ])('a tree head with %s is none', (_, text) => {
    expect(parseHead(text)).toBeUndefined();
  });

  test('a tree head may have extension lines', () => {
    expect(parseHead(`${exampleHead}more\n`)?.size).toBe(20_852_163);
  });
});

describe('own keys', () => {
  const text = headText({ origin: 'berth.ledger/test', size: 7, root: emptyRoot });
  const classic = signingKey('berth.ledger/test', generateKeyPairSync('ed25519').privateKey);
  const quantum = signingKey('berth.ledger/test', generateKeyPairSync('ml-dsa-44').privateKey);
  const note = signNote(text, [classic, quantum]);

  test.each([
    ['Ed25519', classic],
    ['ML-DSA-44', quantum],
  ])('a head signed with both opens with %s alone', (_, { vkey }) => {
    expect(openNote(note, [parseVkey(vkey)])).toEqual({ kind: 'signed', text, signatures: 1 });
    const other = headText({ origin: 'berth.ledger/test', size: 8, root: emptyRoot });
    expect(openNote(note.replace(text, other), [parseVkey(vkey)]).kind).toBe('refused');
  });

  test('one false signature of a known key spoils the note, though the other one holds', () => {
    const forged = signNote(text, [classic, { ...quantum, sign: () => Buffer.alloc(2_428) }]);
    expect(openNote(forged, [parseVkey(classic.vkey), parseVkey(quantum.vkey)]).kind).toBe('refused');
    expect(openNote(forged, [parseVkey(classic.vkey)]).kind).toBe('signed');
  });

  test('ML-DSA-44 signs tree heads only', () => {
    expect(() => signNote('any text\n', [quantum])).toThrow(TypeError);
    expect(() => signingKey('x', generateKeyPairSync('ed448').privateKey)).toThrow(TypeError);
  });

  test.each([
    ['nothing', ''],
    ['an id of another key', classic.vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
    ['another name', `x${classic.vkey}`],
    ['an unknown kind', `x+00000000+${Buffer.alloc(33, 2).toString('base64')}`],
    ['a short key', `x+00000000+${Buffer.alloc(12, 1).toString('base64')}`],
  ])('%s is not a key', (_, vkey) => {
    expect(() => parseVkey(vkey)).toThrow('is not the public key of a log');
  });
});
