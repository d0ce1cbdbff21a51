/**
 * The rules that every engine of the comparison decides by, and the questions: roles hold grants of
 * tools on servers, some tools need a scope whatever is granted, some people are blocked, and an
 * argument has to lie in the workspace. Ten roles, three servers, ten tools each: 300 grants.
 */
import type { Identity, JsonObject, Question } from '../../src/domain.js'
import { callerOf, callOf } from '../support/bench-questions.js'

export interface PeerQuestion {
  readonly name: string
  readonly user: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly server: string
  readonly tool: string
  readonly path: string
  readonly allowed: boolean
}

export const workspace = '/workspace/'
export const adminScope = 'mcp:admin'
export const servers = ['files', 'github', 'everything']
export const denied = ['tool-8', 'tool-9']
export const blocked = ['mallory']

/** role → server → tools. Role r may use all tools of each server but one. */
export const grants: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> =
  Object.fromEntries(
    Array.from({ length: 10 }, (_, role) => {
      const tools = Array.from(
        { length: 10 },
        (_unused, tool) => `tool-${tool + (tool < role ? 0 : 1)}`,
      )
      return [`role-${role}`, Object.fromEntries(servers.map((server) => [server, tools]))]
    }),
  )

const alice = { user: 'alice', roles: ['role-3', 'role-5'], scopes: ['mcp:tools'] }
const call = { server: 'everything', path: '/workspace/a.txt' }

export const questions: readonly PeerQuestion[] = [
  { name: 'granted', ...alice, ...call, tool: 'tool-1', allowed: true },
  { name: 'granted by another role', ...alice, ...call, tool: 'tool-3', allowed: true },
  { name: 'not granted', ...alice, ...call, tool: 'tool-77', allowed: false },
  { name: 'in the deny set', ...alice, ...call, tool: 'tool-9', allowed: false },
  {
    name: 'in the deny set, with the scope',
    ...alice,
    ...call,
    scopes: ['mcp:tools', adminScope],
    tool: 'tool-9',
    allowed: true,
  },
  { name: 'blocked', ...alice, ...call, user: 'mallory', tool: 'tool-1', allowed: false },
  { name: 'outside', ...alice, ...call, tool: 'tool-1', path: '/etc/passwd', allowed: false },
]

/** As OPA and the gateway read them. */
export const rego = `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true} if {
	granted
	not denied
	path_ok
}

granted if {
	some role in input.subject.roles
	data.grants[role][input.resource.server][input.resource.id]
}

denied if {
	data.denied[input.resource.id]
	not "${adminScope}" in input.subject.scopes
}

denied if data.blocked[input.subject.id]

path_ok if input.context.question == "item"

path_ok if startswith(input.resource.arguments.path, "${workspace}")
`

export function regoData(): JsonObject {
  const keyed = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, true]))
  const roles = Object.entries(grants).map(([role, byServer]) => {
    const tools = Object.entries(byServer).map(([server, names]) => [server, keyed(names)])
    return [role, Object.fromEntries(tools)]
  })
  return { grants: Object.fromEntries(roles), denied: keyed(denied), blocked: keyed(blocked) }
}

/** The floor: the same rules by hand. */
export function byHand(): (asked: PeerQuestion) => boolean {
  const sets = new Map(
    Object.entries(grants).map(([role, byServer]) => {
      return [
        role,
        new Map(Object.entries(byServer).map(([name, tools]) => [name, new Set(tools)])),
      ]
    }),
  )
  const deniedTools = new Set(denied)
  const blockedUsers = new Set(blocked)
  return ({ user, roles, scopes, server, tool, path }) => {
    if (blockedUsers.has(user) || !path.startsWith(workspace)) return false
    if (deniedTools.has(tool) && !scopes.includes(adminScope)) return false
    return roles.some((role) => sets.get(role)?.get(server)?.has(tool) === true)
  }
}

/** The same question as the gateway is asked it. */
export function gatewayQuestion(asked: PeerQuestion, serial: number): Question {
  const { tool, server, path } = asked
  const question = callOf(tool, { path: `${path}${serial}` }, identityOf(asked))
  return { ...question, server: { name: server, labels: {} } }
}

const identities = new Map<string, Identity>()

/** One object for one caller, as in the gateway. */
function identityOf({ name, user, roles, scopes }: PeerQuestion): Identity {
  const known = identities.get(name)
  if (known !== undefined) return known
  const identity = callerOf(user, [...roles], [...scopes])
  identities.set(name, identity)
  return identity
}
