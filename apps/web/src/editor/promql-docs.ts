/** What a function or aggregation does, for completion and hover. */
export interface PromQLDoc {
  /** Its arguments as a person would name them. */
  readonly arguments: string
  readonly text: string
}

/**
 * Every function and aggregation of PromQL in a sentence. A test holds the list against the language's own table.
 *
 * Source: Prometheus 3.14 documentation, querying/functions and querying/operators, in our words.
 */
export const PROMQL_DOCS: ReadonlyMap<string, PromQLDoc> = new Map(
  docs(`
sum (v) | Adds up the values of each group.
avg (v) | The mean of each group.
min (v) | The smallest value of each group.
max (v) | The largest value of each group.
count (v) | How many series each group has.
group (v) | 1 for each group: what is there, without its values.
stddev (v) | The population standard deviation of each group.
stdvar (v) | The population variance of each group.
topk (k, v) | The k largest series of each group, with all their labels.
bottomk (k, v) | The k smallest series of each group, with all their labels.
quantile (φ, v) | The φ-quantile (0 to 1) over the series of each group.
count_values ("label", v) | How many series have each value; the value goes into the label.
limitk (k, v) | k series of each group, always the same ones.
limit_ratio (r, v) | About this share of the series of each group; a negative one is the other part.
abs (v) | Values without their sign.
absent (v) | 1 when nothing matches, nothing otherwise: alert on what is missing.
absent_over_time (v[range]) | 1 when nothing matched in the whole window.
avg_over_time (v[range]) | The mean of the samples in the window.
ceil (v) | Rounds up to a whole number.
changes (v[range]) | How often the value changed in the window.
clamp (v, min, max) | Limits values to lie between min and max.
clamp_max (v, max) | Limits values from above.
clamp_min (v, min) | Limits values from below.
count_over_time (v[range]) | How many samples the window holds.
day_of_month (v = vector(time())) | Day of the month in UTC, 1 to 31, of a time in seconds.
day_of_week (v = vector(time())) | Day of the week in UTC, 0 is Sunday, of a time in seconds.
day_of_year (v = vector(time())) | Day of the year in UTC, 1 to 366, of a time in seconds.
days_in_month (v = vector(time())) | Days that the month has in UTC, of a time in seconds.
delta (v[range]) | First to last difference over the window, extrapolated to its ends. For gauges.
deriv (v[range]) | Change a second by least squares over the window. For gauges.
double_exponential_smoothing (v[range], smoothing, trend) | A smoothed value by level and trend, each factor between 0 and 1. For gauges.
end () | The end of the query's range in seconds.
exp (v) | e to the power of the value.
first_over_time (v[range]) | The oldest sample in the window.
floor (v) | Rounds down to a whole number.
histogram_avg (v) | The mean of what a native histogram observed.
histogram_count (v) | How many observations a native histogram holds.
histogram_fraction (lower, upper, v) | The share of observations between two bounds.
histogram_quantile (φ, v) | The φ-quantile (0 to 1) of a histogram. Classic ones need their le label kept: sum by (le, …) (rate(x_bucket[5m])).
histogram_quantiles (v, "label", φ, …) | Several quantiles of a histogram at once, each named in the label.
histogram_stddev (v) | Estimated standard deviation of what a native histogram observed.
histogram_stdvar (v) | Estimated variance of what a native histogram observed.
histogram_sum (v) | The sum of what a native histogram observed.
hour (v = vector(time())) | Hour in UTC, 0 to 23, of a time in seconds.
idelta (v[range]) | The difference of the last two samples. For gauges.
increase (v[range]) | How much a counter rose over the window, extrapolated to its ends; restarts are seen and counted.
info (v, {data labels}) | Adds labels from info metrics such as target_info to each series.
irate (v[range]) | A counter's rise a second between the last two samples: fast and nervous. Prefer rate for alerts.
label_join (v, "to", "separator", "from", …) | Joins label values into a new one.
label_replace (v, "to", "replacement", "from", "regex") | Sets a label from another one where the regular expression matches all of it.
last_over_time (v[range]) | The newest sample in the window.
ln (v) | The natural logarithm.
log10 (v) | The logarithm to base 10.
log2 (v) | The logarithm to base 2.
mad_over_time (v[range]) | The median absolute deviation of the samples in the window.
max_of (a, b) | The larger of two numbers.
max_over_time (v[range]) | The largest sample in the window.
min_of (a, b) | The smaller of two numbers.
min_over_time (v[range]) | The smallest sample in the window.
minute (v = vector(time())) | Minute in UTC, 0 to 59, of a time in seconds.
month (v = vector(time())) | Month in UTC, 1 to 12, of a time in seconds.
pi () | The number π.
predict_linear (v[range], seconds) | Where the value will be so many seconds from now if the window's trend goes on. For gauges.
present_over_time (v[range]) | 1 for each series with a sample in the window.
quantile_over_time (φ, v[range]) | The φ-quantile (0 to 1) of the samples in the window.
range () | The length of the query's range in seconds.
rate (v[range]) | A counter's rise a second, on average over the window; restarts are seen. Take the rate first, then sum.
resets (v[range]) | How often a counter started anew in the window.
round (v, to = 1) | Rounds to the nearest multiple of a number.
scalar (v) | The value of a single series as a number, NaN unless there is exactly one.
sgn (v) | 1, 0 or -1 by the value's sign.
sort (v) | Series by value, smallest first. Only for instant queries.
sort_by_label (v, "label", …) | Series by label values. Only for instant queries.
sort_by_label_desc (v, "label", …) | Series by label values, last first. Only for instant queries.
sort_desc (v) | Series by value, largest first. Only for instant queries.
sqrt (v) | The square root.
start () | The start of the query's range in seconds.
start_timestamp (v) | When the counter or histogram started, in seconds.
stddev_over_time (v[range]) | The population standard deviation of the samples in the window.
stdvar_over_time (v[range]) | The population variance of the samples in the window.
step () | The step of the query in seconds.
sum_over_time (v[range]) | The sum of the samples in the window.
time () | The time of evaluation in seconds since 1970.
timestamp (v) | When each sample was taken, in seconds.
ts_of_first_over_time (v[range]) | When the oldest sample of the window was taken.
ts_of_last_over_time (v[range]) | When the newest sample of the window was taken.
ts_of_max_over_time (v[range]) | When the largest sample of the window was taken, the last of equals.
ts_of_min_over_time (v[range]) | When the smallest sample of the window was taken, the last of equals.
vector (number) | A number as a series without labels.
year (v = vector(time())) | Year in UTC, of a time in seconds.
acos (v) | Arc cosine in radians.
acosh (v) | Inverse hyperbolic cosine.
asin (v) | Arc sine in radians.
asinh (v) | Inverse hyperbolic sine.
atan (v) | Arc tangent in radians.
atanh (v) | Inverse hyperbolic tangent.
cos (v) | Cosine of radians.
cosh (v) | Hyperbolic cosine.
deg (v) | Radians as degrees.
rad (v) | Degrees as radians.
sin (v) | Sine of radians.
sinh (v) | Hyperbolic sine.
tan (v) | Tangent of radians.
tanh (v) | Hyperbolic tangent.
`),
)

function docs(table: string): [string, PromQLDoc][] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const at = line.indexOf(' ')
      const bar = line.indexOf(' | ')
      return [line.slice(0, at), { arguments: line.slice(at + 1, bar), text: line.slice(bar + 3) }]
    })
}
