export function MetricsScreen(): null {
  return null
}
