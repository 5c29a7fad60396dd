import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Where `npm run dev` finds a running server; what is built is served by the server itself, on one origin.
const server = process.env['ORIEL_URL'] ?? 'http://127.0.0.1:7070'

export default defineConfig({
  plugins: [react()],
  // Rooms import each other's TypeScript through the `source` export condition.
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: { target: 'es2024', reportCompressedSize: false, chunkSizeWarningLimit: 700, modulePreload: { polyfill: false } },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': server, '/prometheus': server, '/loki': server, '/tempo': server, '/v1': server },
  },
})
