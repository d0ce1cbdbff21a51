/** What an operator says of one issuer of tokens, ready for use. Types only. */
import type { KeySource } from './key-source.js'

export interface IssuerRules {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string
  readonly method: 'jwt' | 'oauth'
  readonly keys: KeySource
  /** JWS algorithms; those of secrets and those of public keys never together. */
  readonly algorithms: readonly string[]
  /** One of them has to be an audience of the token, as it is written. None: no token is accepted. */
  readonly audiences: (server: string) => readonly string[]
  /** Required `typ`; null: a token may have none or that of a JWT or of an access token. */
  readonly type: string | null
  /** Of `nbf` and `iat`, for clocks that differ; `exp` has none. */
  readonly leewayMs: number
  readonly claims: ClaimPointers
  readonly revoked: readonly Revocation[]
}

/** JSON Pointers (RFC 6901) into the claims; null: nothing is taken. */
export interface ClaimPointers {
  readonly id: string
  readonly roles: string | null
  readonly groups: string | null
  readonly scopes: string | null
  readonly tenant: string | null
  readonly clientId: string | null
  readonly actors: string | null
}

/** Tokens that are dead before they expire: one by its `jti`, or all that were issued before. */
export type Revocation =
  | { readonly jti: string }
  | {
      /** Null: of every subject. */
      readonly sub: string | null
      /** Null: whenever it was issued. */
      readonly issuedBeforeMs: number | null
    }
