import type { HealthView } from '@oriel/api'
import type { EngineHandle } from '@oriel/clickhouse'

/** Whether writes and queries work: the engine answers and its tables are there, every listener is open, and nobody stops us. */
export function healthOf(
  engine: EngineHandle,
  { isListening, isClosing }: { isListening: boolean; isClosing: boolean },
): HealthView {
  const state = engine.state()
  const checks = [
    { name: 'engine', isGood: state === 'ready', message: `engine is ${state}` },
    { name: 'listeners', isGood: isListening, message: isListening ? 'listeners are open' : 'listeners are opening' },
    { name: 'shutdown', isGood: !isClosing, message: isClosing ? 'server is stopping' : 'server is running' },
  ]
  return { isReady: checks.every(({ isGood }) => isGood), checks }
}
