import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vite'

// Where `npm run dev` finds a running server; what is built is served by the server itself, on one origin.
const server = process.env['ORIEL_URL'] ?? 'http://127.0.0.1:7070'

// Text files are compressed once, here, and served as they lie: no CPU on the server, and brotli where browsers take it.
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  writeBundle({ dir = 'dist' }) {
    for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(js|css|svg|html)$/.test(name)) continue
      const file = join(dir, name)
      const bytes = readFileSync(file)
      writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
      writeFileSync(`${file}.br`, brotliCompressSync(bytes))
    }
  },
}

export default defineConfig({
  plugins: [react(), compressed],
  // Rooms import each other's TypeScript through the `source` export condition.
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: { target: 'es2024', reportCompressedSize: false, chunkSizeWarningLimit: 700, modulePreload: { polyfill: false } },
  server: { host: '127.0.0.1', proxy: { '/api': server, '/prometheus': server, '/loki': server, '/v1': server } },
})
