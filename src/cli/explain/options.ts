/** The options of `explain`. Types only. */
export interface ExplainArguments {
  readonly words?: readonly string[] | undefined
  readonly facts?: string | undefined
  readonly audit?: string | undefined
  readonly config?: string | undefined
  readonly policy?: string | undefined
  readonly as?: string | undefined
  readonly role?: readonly string[] | undefined
  readonly group?: readonly string[] | undefined
  readonly scope?: readonly string[] | undefined
  readonly tenant?: string | undefined
  readonly issuer?: string | undefined
  readonly server?: string | undefined
  readonly tool?: string | undefined
  readonly prompt?: string | undefined
  readonly resource?: string | undefined
  readonly method?: string | undefined
  readonly arguments?: string | undefined
  readonly time?: string | undefined
  readonly all?: boolean | undefined
  readonly json?: boolean | undefined
}
