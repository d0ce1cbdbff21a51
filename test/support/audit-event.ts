/** An audit event with every member set, to be changed by the test that needs it otherwise. */
import type { AuditEvent } from '../../src/domain.js'

export function auditEvent(more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    time: '2026-11-22T09:00:00.000Z',
    event: 'message',
    outcome: 'forwarded',
    request_id: 'request-1',
    decision_id: 'decision-1',
    revision: 'sha256:abc',
    reasons: ['tool-granted'],
    code: null,
    direction: 'client',
    kind: 'request',
    method: 'tools/call',
    era: 'modern',
    server: 'everything',
    resource: { type: 'tool', id: 'echo' },
    subject: { id: 'alice', issuer: 'mcp-guard', tenant: 'acme', method: 'api-key' },
    credential: 'sha256:0123456789ab',
    client: { name: 'inspector', version: '1.0.0' },
    session: null,
    ip: '10.0.0.7',
    transport: 'http',
    limits: [{ name: 'user', tier: 'gold' }],
    hidden: 0,
    dropped: 0,
    status: 200,
    bytes_in: 120,
    bytes_out: 340,
    duration_us: { total: 900, decide: 12, upstream: 700 },
    ...more,
  }
}
