// Where Prometheus 3.14.0 answers expositions otherwise, by plain defects of its own.

interface Found {
  /** Of the case. */
  readonly name: string
  /** In words. */
  readonly difference: string
}

interface Quirk {
  readonly why: string
  readonly applies: (found: Found) => boolean
}

/** Why a difference is a defect of Prometheus, `undefined` where it is none that is known. */
export function knownQuirk(found: Found): string | undefined {
  return QUIRKS.find(({ applies }) => applies(found))?.why
}

const COUNTS = /"__name__","scrape_(?:samples_scraped|samples_post_metric_relabeling|series_added)"/

// A zero at the start, or the start itself, before what both have.
const START_ONLY_HERE =
  /start_timestamp\(.*: "0" there, "\d+" here$|: (.*) there, (?:"0"|\{"count":"0","sum":"0"\}) @ \d+, \1 here$/

const QUIRKS: readonly Quirk[] = [
  {
    // model/textparse/openmetricsparse.go parseSeriesEndOfLine: its switch over what follows a value has no default.
    why: 'a line with a blank too many after its value is counted as a sample before it is refused',
    applies: ({ name, difference }) => /bad_timestamp_6|bad_value_3/.test(name) && COUNTS.test(difference),
  },
  {
    // The same file, StartTimestamp; its own TestSTParseFailures says that it should be found.
    why: 'a start is looked for below its samples only',
    applies: ({ name, difference }) => /openmetricsparse_test.go:(?:699|1186)/.test(name) && START_ONLY_HERE.test(difference),
  },
  {
    // The same place: int64(ts * 1000) of what is no int64.
    why: 'seconds whose milliseconds do not fit 64 bits become a time long ago, which fails the scrape',
    applies: ({ name, difference }) => name === 'OpenMetrics timestamps' && difference.includes('too old sample'),
  },
]
