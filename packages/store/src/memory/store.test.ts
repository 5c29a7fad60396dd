import { runStoreContract } from '../contract-suite.ts'
import { openMemoryStore } from './store.ts'

runStoreContract('memory store', async () => ({ store: openMemoryStore(), close: async () => {} }))
