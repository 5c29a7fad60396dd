import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AppSearch } from './search.ts'

/** A change of the URL: keys set to `undefined` go away. */
export type SearchPatch = { readonly [Key in keyof AppSearch]?: AppSearch[Key] | undefined }

/** The state in the URL. */
export function useAppSearch(): AppSearch {
  return useSearch({ strict: false })
}

/** Changes the state in the URL. Time, filters and selections push history; pass `replace` for typing. */
export function usePatchSearch(): (patch: SearchPatch, options?: { readonly replace?: boolean }) => void {
  const navigate = useNavigate()
  return (patch, { replace = false } = {}) => {
    void navigate({ to: '.', search: (old: AppSearch) => withoutAbsent({ ...old, ...patch }), replace, resetScroll: false })
  }
}

function withoutAbsent(search: SearchPatch): AppSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== ''))
}
