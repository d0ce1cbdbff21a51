/** SHA-256 and HMAC-SHA-256 of a text's UTF-8 bytes, in hexadecimal. The work is linear. */
import { createHash, createHmac } from 'node:crypto'
import { charge } from './bounds.js'
import type { Value } from './rego-value.js'

const hashUnits = 300

export function sha256(text: Value): string | undefined {
  if (typeof text !== 'string') return undefined
  charge(hashUnits + text.length / 2)
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

export function hmacSha256(message: Value, key: Value): string | undefined {
  if (typeof message !== 'string' || typeof key !== 'string') return undefined
  charge(2 * hashUnits + (message.length + key.length) / 2)
  return createHmac('sha256', Buffer.from(key, 'utf8')).update(message, 'utf8').digest('hex')
}
