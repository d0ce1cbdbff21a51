/**
 * Secrets that can be found again: planted where a secret belongs, looked for where none does, as
 * they are and in the spellings that programs give to what they repeat.
 */
import { randomBytes } from 'node:crypto'

export class Canaries {
  readonly #planted = new Map<string, string>()

  /** A new secret of at least 40 characters. */
  plant(name: string, prefix = ''): string {
    return this.add(name, `${prefix}canary${randomBytes(24).toString('hex')}`)
  }

  add(name: string, secret: string): string {
    this.#planted.set(name, secret)
    return secret
  }

  /** Names of the secrets in a text, but for those that may be there. */
  in(text: string, allowed: readonly string[] = []): string[] {
    return [...this.#planted].flatMap(([name, secret]) =>
      !allowed.includes(name) && spellings(secret).some((one) => text.includes(one)) ? [name] : [],
    )
  }
}

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const escaped = JSON.stringify(secret).slice(1, -1)
  // Base64 within a longer text: by which third of a group it begins, less what its neighbours touch.
  const encoded = [0, 1, 2].flatMap((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes])
    const whole = shifted.subarray(0, shifted.length - (shifted.length % 3))
    const begin = before === 0 ? 0 : 4
    return (['base64', 'base64url'] as const).map((form) => whole.toString(form).slice(begin))
  })
  return [secret, escaped, encodeURIComponent(secret), bytes.toString('hex'), ...encoded]
}
