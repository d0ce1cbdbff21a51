/**
 * What a client of OAuth is told of a server: where its metadata is (RFC 9728), what stands in it, and
 * the `WWW-Authenticate` of a 401 and of a 403 that more scopes would help (RFC 6750 3). Pure texts;
 * who gets which is for `respond`. Everything in a header is of a closed alphabet: URLs as the URL
 * parser writes them and scopes as RFC 6749 3.3 has them, so that no text can end a header.
 */

export interface ProtectedResource {
  /** The name that tokens are made out to (RFC 8707): the server's URL, without a slash at its end. */
  readonly resource: string
  readonly metadataUrl: string
  /** Path and query under which the gateway is asked for the metadata. */
  readonly metadataPath: string
  /** The document, as JSON text. */
  readonly metadata: string
  readonly scopes: readonly string[]
}

export interface ResourceOptions {
  /** Where clients reach the gateway: http or https, without query and fragment. */
  readonly publicUrl: string
  readonly path: string
  readonly authorizationServers: readonly string[]
  readonly scopes: readonly string[]
}

export const wellKnown = '/.well-known/oauth-protected-resource'
const realm = 'Bearer realm="mcp-guard"'
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+$/
/** Headers are bounded in most clients; what a token has already may then be left out. */
const maxScopeCharacters = 4096
/** Asks for a refresh token: for the client to want, never for a resource (MCP, authorization). */
const neverAsked = 'offline_access'

export function protectedResource(options: ResourceOptions): ProtectedResource {
  const { publicUrl, path, authorizationServers } = options
  const { origin, pathname } = new URL(publicUrl)
  const place = pathname.replace(/\/+$/, '') + path
  const scopes = options.scopes.filter(isScope)
  const metadata = {
    resource: origin + place,
    authorization_servers: authorizationServers,
    ...(scopes.length > 0 ? { scopes_supported: scopes } : {}),
    bearer_methods_supported: ['header'],
  }
  return {
    resource: origin + place,
    metadataUrl: origin + wellKnown + place,
    metadataPath: wellKnown + place,
    metadata: JSON.stringify(metadata),
    scopes,
  }
}

/** Of a 401. `presented`: a credential came, and it was not accepted. Null: there is no OAuth. */
export function unauthorized(resource: ProtectedResource | null, presented: boolean): string {
  if (resource === null) return realm
  const error = presented ? ', error="invalid_token"' : ''
  const { metadataUrl, scopes } = resource
  return `${realm}${error}, resource_metadata="${metadataUrl}"${scopeParameter(scopes)}`
}

/**
 * Of a 403: all scopes of the operation at once, those that the token has among them, since a client
 * may ask for nothing but what is named here and would lose the others. Null: there is nothing to
 * ask for.
 */
export function insufficientScope(
  { metadataUrl }: ProtectedResource,
  held: readonly string[],
  wanted: readonly string[],
): string | null {
  const asked = wanted.filter(isScope)
  if (asked.length === 0) return null
  const kept = held.filter((scope) => isScope(scope) && scope !== neverAsked)
  const all = [...new Set([...kept, ...asked])]
  const scopes = all.join(' ').length > maxScopeCharacters ? asked : all
  const error = 'error="insufficient_scope"'
  return `${realm}, ${error}, resource_metadata="${metadataUrl}"${scopeParameter(scopes)}`
}

function scopeParameter(scopes: readonly string[]): string {
  return scopes.length === 0 ? '' : `, scope="${scopes.join(' ')}"`
}

function isScope(scope: string): boolean {
  return scopePattern.test(scope)
}
