/** Everything the pipeline is handed: its steps, and what they need. Types only. */
import type { Catalogue } from '../catalogue/catalogue.js'
import type {
  AuditLog,
  Identify,
  Limit,
  Limiter,
  Observer,
  PolicyHolder,
  Server,
  Subject,
} from '../domain.js'
import type { Clock } from '../lib/clock.js'
import type { JsonLimits } from '../mcp/json.js'
import type { AdmitRules } from './admit.js'
import type { Back } from './back/back.js'
import type { Ids } from './ids.js'
import type { LastSeen } from './last-seen.js'
import type { ProtectedResource } from './protected-resource.js'
import type { RefusalForms } from './respond.js'
import type { Sessions } from './session.js'
import type { StreamShare } from './stream-share.js'
import type { Streams } from './streams.js'

export interface Route {
  readonly server: Server
  readonly back: Back
  /** How long the upstream may take to answer. */
  readonly timeoutMs: number
}

export interface Steps {
  readonly clock: Clock
  readonly nextRequestId: () => string
  readonly admission: AdmitRules
  readonly routes: ReadonlyMap<string, Route>
  readonly identify: Identify
  readonly jsonLimits: JsonLimits
  readonly sessions: Sessions
  readonly ids: Ids
  readonly policy: PolicyHolder
  readonly catalogue: Catalogue
  readonly limiter: Limiter
  /** What applies to a principal where a decision names no limits. */
  readonly defaultLimits: (subject: Subject) => readonly Limit[]
  readonly audit: AuditLog
  readonly observer: Observer
  readonly streams: Streams
  /** Of the listener's connections, what callers may hold open. */
  readonly streamShare: StreamShare
  readonly lastSeen: LastSeen
  readonly refusals: RefusalForms
  /** Name of the server → what clients of OAuth are told of it; empty: OAuth is not configured. */
  readonly protectedResources: ReadonlyMap<string, ProtectedResource>
}
