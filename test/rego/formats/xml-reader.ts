/** Reads XML with libxml2, and validates it against a schema or a document type. */
import {
  DtdValidator,
  XmlDocument as Xml,
  type XmlDocument,
  XmlDtd,
  XsdValidator,
} from 'libxml2-wasm'

export interface ReadXml {
  /** What an XPath expression finds, as texts. */
  texts(path: string): string[]
}

/** Throws with what is wrong: not well-formed, or not valid. */
export function readXml(text: string, schema: { xsd: string } | { dtd: string }): ReadXml {
  const document = Xml.fromString(text)
  validate(document, schema)
  return { texts: (path) => document.find(path).map(({ content }) => content) }
}

function validate(document: XmlDocument, schema: { xsd: string } | { dtd: string }): void {
  if ('dtd' in schema) new DtdValidator(XmlDtd.fromString(schema.dtd)).validate(document)
  else XsdValidator.fromDoc(Xml.fromString(schema.xsd)).validate(document)
}
