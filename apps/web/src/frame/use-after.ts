import { useEffect, useState } from 'react'

/** Whether `isOn` has held for `ms`. */
export function useAfter(isOn: boolean, ms: number): boolean {
  const [hasHeld, setHeld] = useState(false)
  useEffect(() => {
    setHeld(false)
    if (!isOn) return
    const timer = setTimeout(() => setHeld(true), ms)
    return () => clearTimeout(timer)
  }, [isOn, ms])
  return hasHeld && isOn
}
