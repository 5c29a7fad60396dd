export function TracesScreen(): null {
  return null
}
