/**
 * Metadata of protected resources (RFC 9728 3) for whoever asks: clients read it before they have any
 * credential, scripts of any origin among them. The host has to be one of the gateway's all the same.
 * At the root there is a document only where there is one server, since it is about one resource.
 * Whatever else is asked for is left to the pipeline.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { singleHeader } from '../../lib/headers.js'
import { type AdmitRules, hostAllowed } from '../admit.js'
import { type ProtectedResource, wellKnown } from '../protected-resource.js'

const verbs = 'GET, HEAD, OPTIONS'
const open = ['access-control-allow-origin', '*']

/** Path → document. */
export function metadataDocuments(
  resources: Iterable<Pick<ProtectedResource, 'metadataPath' | 'metadata'>>,
): ReadonlyMap<string, string> {
  const all = [...resources]
  const documents = new Map(all.map(({ metadataPath, metadata }) => [metadataPath, metadata]))
  const [only] = all
  if (only !== undefined && all.length === 1) documents.set(wellKnown, only.metadata)
  return documents
}

/** True when the request was one for a document; its answer follows. */
export function answerMetadata(
  { method, url = '', rawHeaders }: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>,
  response: ServerResponse,
  documents: ReadonlyMap<string, string>,
  { hosts }: Pick<AdmitRules, 'hosts'>,
): boolean {
  const document = documents.get(url)
  if (document === undefined) return false
  const host = singleHeader(rawHeaders, 'host')
  if (!host.ok || !hostAllowed(host.value, hosts)) return false
  if (method === 'OPTIONS') {
    const allowed = [
      'access-control-allow-methods',
      verbs,
      'access-control-allow-headers',
      '*',
      'access-control-max-age',
      '3600',
    ]
    response.writeHead(204, [...open, ...allowed]).end()
    return true
  }
  if (method !== 'GET' && method !== 'HEAD') return false
  response.writeHead(200, [
    ...open,
    'content-type',
    'application/json',
    'content-length',
    String(Buffer.byteLength(document)),
    'cache-control',
    'public, max-age=300',
    'x-content-type-options',
    'nosniff',
  ])
  response.end(document)
  return true
}
