/**
 * The little XML that reports need (XML 1.0): elements with attributes, text or children. Characters
 * that XML cannot hold, and those nobody sees, become `\uXXXX`; line ends and tabs stay.
 */
import { escaped } from './text.js'

export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number>>
  readonly content: readonly XmlElement[] | string
}

export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  content: readonly XmlElement[] | string = [],
): XmlElement {
  return { name, attributes, content }
}

export function formatXml(root: XmlElement, doctype = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${doctype}${lines(root, '').join('\n')}\n`
}

function lines({ name, attributes, content }: XmlElement, indent: string): string[] {
  const words = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${written(String(value), /[&<>"\n\t]/g)}"`,
  )
  const start = `${indent}<${name}${words.join('')}`
  if (content.length === 0) return [`${start}/>`]
  if (typeof content === 'string') return [`${start}>${written(content, /[&<>]/g)}</${name}>`]
  const inner = content.flatMap((child) => lines(child, `${indent}  `))
  return [`${start}>`, ...inner, `${indent}</${name}>`]
}

/** `>` too: `]]>` may not stand in text. */
function written(text: string, special: RegExp): string {
  const parts = text.split(/([\n\t])/)
  return parts
    .map((part) => (part === '\n' || part === '\t' ? part : escaped(part)))
    .join('')
    .replace(special, (one) => `&#${one.charCodeAt(0)};`)
}
