/**
 * What the schema cannot say of the policy's place: a URL that may be asked, one token, and a public
 * key that is one and fits its algorithm, so that the mistake is found before the first bundle. Pure.
 */
import { readServiceUrl } from '../lib/service-url.js'
import { publicKeyProblem } from './bundle-key.js'
import { isUrl } from './policy-place.js'
import type { ConfigProblem } from './problem.js'
import { textAt } from './view.js'
import type { YamlMap } from './yaml.js'

export function checkPolicy(document: YamlMap): ConfigProblem[] {
  return [...checkPath(document), ...checkVerifyKey(document), ...checkTokens(document)]
}

function checkPath(document: YamlMap): ConfigProblem[] {
  const text = textAt(document, 'policy', 'path') ?? ''
  if (!isUrl(text)) return []
  const read = readServiceUrl(text)
  return read.ok ? [] : [{ pointer: '/policy/path', problem: read.problem, fix: read.fix }]
}

function checkTokens(document: YamlMap): ConfigProblem[] {
  if (textAt(document, 'policy', 'poll', 'token') === undefined) return []
  if (textAt(document, 'policy', 'poll', 'tokenFile') === undefined) return []
  const problem = 'is a second token, beside /policy/poll/token'
  return [{ pointer: '/policy/poll/tokenFile', problem, fix: 'keep one of the two' }]
}

function checkVerifyKey(document: YamlMap): ConfigProblem[] {
  const text = textAt(document, 'policy', 'verify', 'key')
  const algorithm = textAt(document, 'policy', 'verify', 'algorithm')
  if (text === undefined || algorithm === undefined) return []
  const found = publicKeyProblem(text, algorithm)
  return found === null ? [] : [{ pointer: '/policy/verify/key', ...found }]
}
