/** GET /api/oriel/retention: what the configuration would delete now. Nothing is deleted by asking. */
export interface RetentionAnswer {
  /** Days (ms since 1970) that go as a whole, with how many samples they hold. */
  readonly days: readonly { readonly dayMs: number; readonly samples: number }[]
  readonly expired: readonly {
    readonly tenant: string
    /** The rule's selector, '' for the tenant's own time. */
    readonly match: string
    readonly keepMs: number
    /** Everything before this time (ms since 1970) goes. */
    readonly beforeMs: number
    readonly samples: number
  }[]
}
