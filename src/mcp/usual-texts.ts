/**
 * Texts that messages hold again and again, found by their bytes: making a string of each anew, and
 * its hash when it is looked up, was a quarter of reading a small answer (measured by itself, warm).
 * Only saves time: a text that is not in here is decoded as it is.
 */

const texts = [
  ...['jsonrpc', '2.0', 'id', 'method', 'params', 'result', 'error'],
  ...['content', 'isError', 'structuredContent', 'resultType', '_meta', 'nextCursor', 'ttlMs'],
  ...['tools', 'prompts', 'resources', 'resourceTemplates', 'cacheScope', 'inputRequests'],
  ...['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations', 'icons'],
  ...['arguments', 'uri', 'uriTemplate', 'mimeType', 'size', 'messages', 'contents'],
]

const byLength: { readonly text: string; readonly bytes: Buffer }[][] = []
for (const text of texts) {
  for (let length = byLength.length; length <= text.length; length += 1) byLength.push([])
  byLength[text.length]?.push({ text, bytes: Buffer.from(text) })
}

/** The text of these bytes if it is a usual one; null otherwise. */
export function usualText(bytes: Uint8Array, from: number, to: number): string | null {
  const sameLength = byLength[to - from]
  if (sameLength === undefined) return null
  for (const usual of sameLength) {
    if (isAt(bytes, from, usual.bytes)) return usual.text
  }
  return null
}

function isAt(bytes: Uint8Array, from: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if (bytes[from + index] !== wanted[index]) return false
  }
  return true
}
