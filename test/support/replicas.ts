/** Two processes of the gateway with one key, behind one address that takes turns. */
import { type Balancer, startBalancer } from './balancer.js'
import { type Child, startChild } from './child.js'
import type { GatewayOptions } from './gateway.js'

export interface Replicas {
  readonly url: string
  /** What takes turns. */
  readonly kind: string
  /** The first one's; it has the configuration. */
  readonly folder: string
  readonly each: readonly Child[]
  close(): Promise<void>
}

export const keyOfReplicas = 'a-key-of-both-replicas-'.repeat(2)

export async function startReplicas(options: GatewayOptions): Promise<Replicas> {
  const own = { ...options, sessions: { keys: [keyOfReplicas] } }
  const first = await startChild(own)
  const each = [first, await startChild(own)]
  const balancer: Balancer = await startBalancer(each.map(({ url }) => url))
  return {
    url: balancer.url,
    kind: balancer.kind,
    folder: first.folder,
    each,
    async close() {
      await balancer.close()
      for (const child of each) await child.close()
    },
  }
}

/** How many messages each has on record; both have a part in what is proved. */
export function shares({ each }: Replicas): Promise<number[]> {
  return Promise.all(each.map(async (child) => (await child.audit()).length))
}
