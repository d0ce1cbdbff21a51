/**
 * Bundles that are signed by node:crypto instead of the compiler, so that a signature can also say
 * what no signer would. The digests are those of OPA's format: of JSON by its sorted members, of all
 * other files by their bytes.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { canonicalJson } from '../../src/lib/canonical-json.js'
import { type TarEntry, tarGz } from './tar.js'

export interface KeyPair {
  readonly publicKey: string
  readonly privateKey: string
}

export function keyPair(kind: 'P-256' | 'P-384' | 'P-521' | 'rsa' = 'P-256'): KeyPair {
  const pair =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind })
  return { publicKey: pem(pair.publicKey, 'spki'), privateKey: pem(pair.privateKey, 'pkcs8') }
}

function pem(key: KeyObject, type: 'spki' | 'pkcs8'): string {
  return key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString()
}

export interface FileDigest {
  readonly name: string
  readonly hash: string
  readonly algorithm: string
}

export type Files = Readonly<Record<string, string | Uint8Array>>

export function digests(files: Files): FileDigest[] {
  return Object.entries(files).map(([name, content]) => {
    const base = name.split('/').at(-1) ?? ''
    const structured = base === 'data.json' || base === '.manifest'
    const text = structured ? (canonicalJson(Buffer.from(content as string))?.text ?? '') : content
    return { name, hash: createHash('sha256').update(text).digest('hex'), algorithm: 'SHA-256' }
  })
}

export interface Saying {
  readonly header?: object
  readonly payload?: object
  readonly digests?: readonly FileDigest[]
}

/** ES256 over the files, and whatever is said instead. */
export function tokenOf(files: Files, privateKey: string, saying: Saying = {}): string {
  const header = { alg: 'ES256', typ: 'JWT', ...saying.header }
  const payload = { files: saying.digests ?? digests(files), ...saying.payload }
  const signed = `${part(header)}.${part(payload)}`
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}

export function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

export function signatures(...tokens: string[]): string {
  return JSON.stringify({ signatures: tokens })
}

/** With any content of .signatures.json; undefined: none. */
export function packed(files: Files, signature: string | undefined): Buffer {
  const all = signature === undefined ? files : { ...files, '.signatures.json': signature }
  return tarGz(entries(all))
}

export function entries(files: Files): TarEntry[] {
  return Object.entries(files).map(([name, content]) => ({ name: `/${name}`, content }))
}

/** The files of a gzip tar, by name without the slash before it. */
export function unpacked(bundle: Uint8Array): Record<string, Buffer> {
  const found: Record<string, Buffer> = {}
  const tar = gunzipSync(bundle)
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const name = tar.toString('utf8', at, tar.indexOf(0, at)).replace(/^\//, '')
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8)
    found[name] = tar.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  return found
}
