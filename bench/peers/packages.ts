/** Cedar and casbin, from the packages that are installed on demand beside this file. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { packageFile } from '../../src/lib/package-root.js'
import type { Peer } from './peer.js'
import {
  adminScope,
  blocked,
  denied,
  grants,
  type PeerQuestion,
  servers,
  workspace,
} from './rules.js'

interface Cedar {
  preparsePolicySet(id: string, policies: { staticPolicies: string }): { type: string }
  statefulIsAuthorized(call: object): { type: string; response?: { decision: string } }
}

interface Enforcer {
  addPolicies(rules: string[][]): Promise<boolean>
  addGroupingPolicies(rules: string[][]): Promise<boolean>
  enforceSync(...request: string[]): boolean
}

interface Casbin {
  newModelFromString(text: string): object
  newEnforcer(model: object): Promise<Enforcer>
}

const folder = packageFile('bench', 'peers')
const installLimitMs = 120_000

/** Throws where a package is missing and cannot be installed. */
export function installPackages(): void {
  if (existsSync(packageFile('bench', 'peers', 'node_modules', '.package-lock.json'))) return
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const result = spawnSync('npm', args, { cwd: folder, timeout: installLimitMs, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`npm ci: ${result.error?.message ?? result.stderr}`)
}

function load(name: string): unknown {
  return createRequire(packageFile('bench', 'peers', 'package.json'))(name)
}

export function cedar(): Peer {
  const engine = load('@cedar-policy/cedar-wasm/nodejs') as Cedar
  const parsed = engine.preparsePolicySet('rules', { staticPolicies: cedarPolicies() })
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed))
  return {
    name: 'cedar-wasm, policies parsed before',
    ask(asked) {
      const answer = engine.statefulIsAuthorized(cedarCall(asked))
      if (answer.response === undefined) throw new Error(JSON.stringify(answer))
      return answer.response.decision === 'allow'
    },
    close: () => Promise.resolve(),
  }
}

function cedarPolicies(): string {
  const permits = Object.entries(grants).flatMap(([role, byServer]) => {
    return Object.entries(byServer).map(([server, tools]) => {
      const conditions = [
        `resource.server == ${JSON.stringify(server)}`,
        `${JSON.stringify(tools)}.contains(resource.name)`,
        `context.path like ${JSON.stringify(`${workspace}*`)}`,
      ]
      return `permit(principal in Role::"${role}", action, resource) when { ${conditions.join(' && ')} };`
    })
  })
  const forbids = [
    `forbid(principal, action, resource) when { ${JSON.stringify(denied)}.contains(resource.name) && !principal.scopes.contains("${adminScope}") };`,
    ...blocked.map((user) => `forbid(principal == User::"${user}", action, resource);`),
  ]
  return [...permits, ...forbids].join('\n')
}

function cedarCall({ user, roles, scopes, server, tool, path }: PeerQuestion): object {
  const principal = { type: 'User', id: user }
  const resource = { type: 'Tool', id: `${server}/${tool}` }
  const parents = roles.map((role) => ({ type: 'Role', id: role }))
  return {
    principal,
    action: { type: 'Action', id: 'call' },
    resource,
    context: { path },
    preparsedPolicySetId: 'rules',
    entities: [
      { uid: principal, attrs: { scopes }, parents },
      ...parents.map((uid) => ({ uid, attrs: {}, parents: [] })),
      { uid: resource, attrs: { server, name: tool }, parents: [] },
    ],
  }
}

/** Whoever lacks the scope is `limited`, and that role is denied the tools of the deny set. */
const casbinModel = `
[request_definition]
r = sub, scope, srv, tool, path

[policy_definition]
p = sub, srv, tool, eft

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = (g(r.sub, p.sub) || r.scope == p.sub) && (p.srv == "*" || r.srv == p.srv) && (p.tool == "*" || r.tool == p.tool) && keyMatch(r.path, "${workspace}*")
`

export async function casbin(users: readonly PeerQuestion[]): Promise<Peer> {
  const engine = load('casbin') as Casbin
  const enforcer = await engine.newEnforcer(engine.newModelFromString(casbinModel))
  const allows = Object.entries(grants).flatMap(([role, byServer]) => {
    return Object.entries(byServer).flatMap(([server, tools]) => {
      return tools.map((tool) => [role, server, tool, 'allow'])
    })
  })
  const denies = servers.flatMap((server) => {
    return denied.map((tool) => ['limited', server, tool, 'deny'])
  })
  await enforcer.addPolicies([...allows, ...denies])
  await enforcer.addPolicies(blocked.map((user) => [user, '*', '*', 'deny']))
  const memberships = users.flatMap(({ user, roles }) => roles.map((role) => `${user}\n${role}`))
  await enforcer.addGroupingPolicies([...new Set(memberships)].map((pair) => pair.split('\n')))
  return {
    name: 'casbin',
    ask({ user, scopes, server, tool, path }) {
      const scope = scopes.includes(adminScope) ? 'admin' : 'limited'
      return enforcer.enforceSync(user, scope, server, tool, path)
    },
    close: () => Promise.resolve(),
  }
}
