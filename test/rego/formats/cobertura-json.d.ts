/** The package has no types of its own. */
declare module '@cvrg-report/cobertura-json' {
  interface CoberturaFile {
    readonly file: string
    readonly lines: {
      readonly found: number
      readonly hit: number
      readonly details: readonly { readonly line: number; readonly hit: number }[]
    }
  }
  const parser: { parseContent(xml: string): Promise<CoberturaFile[]> }
  export = parser
}
