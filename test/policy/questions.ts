/** Questions as the enforcement point would put them. */
import type { Circumstances, Identity, JsonObject, Question, Subject } from '../../src/domain.js'

const nowMs = Date.UTC(2026, 10, 22, 9, 0, 0, 123)

export function identityOf(subject: Partial<Subject> = {}): Identity {
  return {
    subject: {
      id: 'alice',
      kind: 'user',
      issuer: 'api-keys',
      method: 'api-key',
      client_id: null,
      actors: [],
      roles: ['dev'],
      groups: [],
      scopes: [],
      tenant: 'acme',
      expires_at: null,
      claims: {},
      ...subject,
    },
    binding: 'binding',
    expiresAtMs: null,
    credentialId: 'credential',
  }
}

export const circumstances: Circumstances = {
  nowMs,
  ip: '10.0.0.7',
  transport: 'http',
  era: 'modern',
  protocolVersion: '2026-07-28',
  client: { name: 'client', version: '1.0.0' },
  session: null,
  requestId: 'request-1',
}

export function questionOf(
  method: string,
  params?: JsonObject,
  change: Partial<Question> = {},
): Question {
  return {
    identity: identityOf(),
    server: { name: 'files', labels: { env: 'prod' } },
    definitions: null,
    direction: 'client',
    kind: 'request',
    method,
    params,
    circumstances,
    ...change,
  }
}

export function callOf(tool: string, args: JsonObject = {}): Question {
  return questionOf('tools/call', { name: tool, arguments: args })
}
