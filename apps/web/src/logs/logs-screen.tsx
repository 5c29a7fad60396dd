export function LogsScreen(): null {
  return null
}
