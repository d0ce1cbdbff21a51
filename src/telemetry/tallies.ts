/**
 * Counts and durations of every message, kept so that a message costs a few look-ups and additions.
 * prom-client puts a text together out of the labels each time it is told something (measured: 3 %
 * of a call); here that happens when somebody asks. Label values must have passed a gate.
 */

interface Count<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>
  count: number
}

/** A count for each combination of label values. */
export class Tally<Label extends string> {
  readonly #labels: readonly Label[]
  readonly #counts = new Map<string, Count<Label>>()

  constructor(labels: readonly Label[]) {
    this.#labels = labels
  }

  /** One value for each label, in their order, none with a space in it. */
  add(...values: readonly string[]): void {
    const key = values.join(' ')
    const known = this.#counts.get(key)
    if (known !== undefined) {
      known.count += 1
      return
    }
    const pairs = this.#labels.map((label, index) => [label, values[index] ?? ''])
    this.#counts.set(key, { labels: Object.fromEntries(pairs), count: 1 })
  }

  counts(): Iterable<Count<Label>> {
    return this.#counts.values()
  }
}

interface Series {
  /** How many fell in each bucket and not in a smaller one; the last one has no bound. */
  readonly counts: number[]
  sum: number
}

export interface DurationsOptions {
  readonly name: string
  readonly help: string
  /** null: without labels. */
  readonly label: string | null
  /** Upper bounds in seconds, ascending. */
  readonly bounds: readonly number[]
}

/** A histogram with at most one label, which writes itself in the text format 0.0.4. */
export class Durations {
  readonly #options: DurationsOptions
  readonly #series = new Map<string, Series>()

  constructor(options: DurationsOptions) {
    this.#options = options
    if (options.label === null) this.#seriesOf('')
  }

  observe(value: string, seconds: number): void {
    const { bounds } = this.#options
    const series = this.#seriesOf(value)
    let bucket = 0
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
    series.sum += seconds
  }

  render(): string {
    const { name, help, label, bounds } = this.#options
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
    for (const [value, { counts, sum }] of this.#series) {
      const own = label === null ? '' : `${label}="${escaped(value)}"`
      const after = own === '' ? '' : `,${own}`
      const alone = own === '' ? '' : `{${own}}`
      let total = 0
      for (const [bucket, count] of counts.entries()) {
        total += count
        lines.push(`${name}_bucket{le="${bounds[bucket] ?? '+Inf'}"${after}} ${total}`)
      }
      lines.push(`${name}_sum${alone} ${sum}`, `${name}_count${alone} ${total}`)
    }
    return `${lines.join('\n')}\n`
  }

  #seriesOf(value: string): Series {
    const known = this.#series.get(value)
    if (known !== undefined) return known
    const series = {
      counts: Array.from({ length: this.#options.bounds.length + 1 }, () => 0),
      sum: 0,
    }
    this.#series.set(value, series)
    return series
  }
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
