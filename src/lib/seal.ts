/**
 * Sealed texts: what the gateway hands to a caller and must get back unread and unchanged (session
 * ids, ids of server requests). AES-256-GCM (NIST SP 800-38D) under keys derived by HKDF-SHA256
 * (RFC 5869) with a purpose label, so that a text sealed for one purpose never opens for another.
 *
 * One base64url text: version (1 byte), key id (6), nonce (12), ciphertext, tag (16); version and
 * key id are authenticated. The first secret seals, every one opens. Age, owner and meaning of the
 * payload are the caller's to check.
 *
 * Nonces are random, or made of the payload (`sealSame`): HMAC-SHA256 under a key of its own, cut to
 * 96 bits. GCM breaks when one nonce meets two plaintexts; here equal plaintexts share nonce and
 * ciphertext, which tells that they are equal and no more, and different ones meet only where the
 * HMAC collides: for 2^32 of them with a chance of 2^-33, the bound of random nonces too. Rotate a
 * secret before 2^32 seals of either kind together. After a rotation `sealSame` gives another text.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { GuardError } from '../errors.js'
import { sha256 } from './secrets.js'

type SealedValue =
  | null
  | boolean
  | number
  | string
  | SealedValue[]
  | { [member: string]: SealedValue }
type SealedPayload = { [member: string]: SealedValue }

export interface Sealer {
  /** Throws GuardError GUARD_INTERNAL when the sealed text would be longer than 4 KiB. */
  seal(payload: SealedPayload): string
  /** The same text for the same payload, members in the same order, wherever the key is the same. */
  sealSame(payload: SealedPayload): string
  /** Total: null for anything that was not sealed here, whatever it is. */
  open(text: string): SealedPayload | null
}

interface Key {
  readonly header: Buffer
  readonly key: Buffer
  readonly nonceKey: Buffer
}

const version = 1
const keyIdBytes = 6
const headerBytes = 1 + keyIdBytes
const nonceBytes = 12
const tagBytes = 16
const maxTextCharacters = 4096
const minSecretCharacters = 32
const algorithm = 'aes-256-gcm'

/** Throws GuardError GUARD_CONFIG_INVALID without a secret or with one under 32 characters. */
export function createSealer(secrets: readonly string[], purpose: string): Sealer {
  const keys = secrets.map((secret) => deriveKey(secret, purpose))
  const [first] = keys
  if (first === undefined) {
    throw new GuardError('GUARD_CONFIG_INVALID', `no secret to seal ${purpose} with`)
  }
  return {
    seal: (payload) => seal(first, JSON.stringify(payload), randomBytes(nonceBytes)),
    sealSame(payload) {
      const text = JSON.stringify(payload)
      return seal(first, text, nonceOf(first, text))
    },
    open: (text) => open(keys, text),
  }
}

function deriveKey(secret: string, purpose: string): Key {
  if (secret.length < minSecretCharacters) {
    const problem = `a secret needs at least ${minSecretCharacters} characters`
    throw new GuardError('GUARD_CONFIG_INVALID', problem)
  }
  const derive = (label: string) =>
    Buffer.from(hkdfSync('sha256', secret, 'mcp-guard', `${label} v${version} ${purpose}`, 32))
  const key = derive('seal')
  const keyId = sha256(key).subarray(0, keyIdBytes)
  return {
    header: Buffer.concat([Buffer.of(version), keyId]),
    key,
    nonceKey: derive('seal nonce'),
  }
}

function nonceOf({ nonceKey }: Key, plaintext: string): Buffer {
  return createHmac('sha256', nonceKey).update(plaintext).digest().subarray(0, nonceBytes)
}

function seal(key: Key, plaintext: string, nonce: Buffer): string {
  const cipher = createCipheriv(algorithm, key.key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(key.header)
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
  const text = Buffer.concat([key.header, nonce, body, cipher.getAuthTag()]).toString('base64url')
  if (text.length > maxTextCharacters) {
    throw new GuardError('GUARD_INTERNAL', `a sealed text over ${maxTextCharacters} characters`)
  }
  return text
}

function open(keys: readonly Key[], text: string): SealedPayload | null {
  const bytes = decode(text)
  if (bytes === null) return null
  const header = bytes.subarray(0, headerBytes)
  const key = keys.find((candidate) => candidate.header.equals(header))
  return key === undefined ? null : decrypt(key, bytes)
}

// The decoder skips unknown characters and ignores stray low bits, so that many texts give the same
// bytes; only the one text that encodes back to itself is ours.
function decode(text: string): Buffer | null {
  if (typeof text !== 'string' || text.length > maxTextCharacters) return null
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length <= headerBytes + nonceBytes + tagBytes) return null
  return bytes.toString('base64url') === text ? bytes : null
}

function decrypt(key: Key, bytes: Buffer): SealedPayload | null {
  const bodyStart = headerBytes + nonceBytes
  const bodyEnd = bytes.length - tagBytes
  const nonce = bytes.subarray(headerBytes, bodyStart)
  try {
    const decipher = createDecipheriv(algorithm, key.key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(key.header)
    decipher.setAuthTag(bytes.subarray(bodyEnd))
    const start = decipher.update(bytes.subarray(bodyStart, bodyEnd))
    const plain: unknown = JSON.parse(Buffer.concat([start, decipher.final()]).toString('utf8'))
    return isPayload(plain) ? plain : null
  } catch {
    return null
  }
}

function isPayload(value: unknown): value is SealedPayload {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
