/**
 * Draws one case of the request property: a well-formed body, bent in one way as a tree
 * (body-mutations) or spoiled as bytes (here), with the class it must end in.
 */
import { draftMessage, write } from './bodies.js'
import { bends } from './body-mutations.js'
import type { Random } from './random.js'

export interface Case {
  bytes: Buffer
  headers: string[]
  mutation: string
  /** The class of the result, `any` for some refusal, null for whatever it may be. */
  expected: string | null
}

const disturbing = [...Buffer.from('"\\{}[],:0e.-n\0 ud8')]

type Spoil = (bytes: Buffer, random: Random) => Buffer

const spoils: Record<string, [Spoil, string | null]> = {
  'byte order mark': [(bytes) => Buffer.concat([Buffer.from('\ufeff'), bytes]), 'encoding'],
  'invalid UTF-8': [
    (bytes, random) => {
      const bad = random.pick(['ff', 'c0af', 'eda080', 'f4908080', 'e282', '80'])
      // Not inside a character, where the bytes might complete it.
      let at = random.below(bytes.length)
      while (((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(bad, 'hex'), bytes.subarray(at)])
    },
    'encoding',
  ],
  'trailing data': [
    (bytes, random) => {
      const more = random.pick(['{}', 'x', ',', ']', '\0', '\n{"jsonrpc":"2.0"}', '//', 'null'])
      return Buffer.concat([bytes, Buffer.from(more)])
    },
    'syntax',
  ],
  batch: [
    (bytes, random) => {
      const batches = [`[${bytes}]`, `[${bytes},${bytes}]`, `[[${bytes}]]`, '[]']
      return Buffer.from(random.pick(batches))
    },
    'batch',
  ],
  'not an object': [
    (bytes, random) => Buffer.from(random.pick(['null', '1', 'true', JSON.stringify(`${bytes}`)])),
    'the message is not an object',
  ],
  'cut off': [(bytes, random) => bytes.subarray(0, random.below(bytes.length - 8)), 'any'],
  'comment inside': [(bytes) => Buffer.from(`${bytes}`.replace('{', '{/**/')), 'syntax'],
  'bytes changed': [
    (bytes, random) => {
      const changed = Buffer.from(bytes)
      for (let count = 1 + random.below(3); count > 0; count -= 1) {
        changed[random.below(changed.length)] = random.pick(disturbing)
      }
      return changed
    },
    null,
  ],
}

export function drawCase(random: Random): Case {
  for (;;) {
    const draft = draftMessage(random)
    const spoiled = random.chance(0.2)
    const untouched = !spoiled && random.chance(0.1)
    const mutation = untouched ? 'nothing' : random.pick(Object.keys(spoiled ? spoils : bends))
    const expected = spoiled ? (spoils[mutation]?.[1] ?? null) : bends[mutation]?.(draft, random)
    if (expected === false || expected === undefined) continue
    const written = Buffer.from(write(draft.root, random), 'utf8')
    const bytes = spoiled ? (spoils[mutation]?.[0](written, random) ?? written) : written
    return { bytes, headers: draft.headers.flat(), mutation, expected }
  }
}
