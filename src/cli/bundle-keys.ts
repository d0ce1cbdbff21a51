/**
 * Keys that bundles are signed and verified with, from their files. A private key that others can
 * read is not used. Throws Error with what to do.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { keyMisfit, publicKeyProblem } from '../config/bundle-key.js'
import { readFileText } from '../config/read-file.js'
import { exposedProblem } from '../config/secrets.js'
import { describeThrown } from '../errors.js'

const maxKeyBytes = 16_384

/** The text of the file: a private key in PEM that the algorithm takes. */
export function readSigningKey(path: string, algorithm: string): string {
  const { text, exposedMode } = readKeyFile(path)
  if (/-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text)) {
    throw new Error(`the key in ${path} is a public key; --sign takes the private one`)
  }
  if (exposedMode !== null) {
    const { problem, fix } = exposedProblem(path, exposedMode)
    throw new Error(`${problem}; ${fix}`)
  }
  const problem = keyMisfit(privateKey(path, text), algorithm)
  if (problem === null) return text
  throw new Error(`the key in ${path} ${problem}; choose another key, or another --algorithm`)
}

export function readVerificationKey(path: string, algorithm: string): string {
  const { text } = readKeyFile(path)
  const found = publicKeyProblem(text, algorithm)
  if (found === null) return text
  throw new Error(`the key in ${path} ${found.problem}; ${found.fix}`)
}

function readKeyFile(path: string): { text: string; exposedMode: string | null } {
  const content = readFileText(path, maxKeyBytes)
  if (content.ok) return content
  throw new Error(`the key file ${path} ${content.problem}`)
}

function privateKey(path: string, text: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw new Error(`the key in ${path} is encrypted; write it out with openssl pkey`)
  }
  try {
    return createPrivateKey(text)
  } catch (thrown) {
    throw new Error(`the key in ${path} is no private key in PEM: ${describeThrown(thrown)}`)
  }
}
