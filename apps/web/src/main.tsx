import '@fontsource-variable/inter/wght.css'
import '@fontsource-variable/jetbrains-mono/wght.css'
import '@mantine/core/styles.css'
import './style/base.css'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { startKeyboard } from './frame/use-keys.ts'
import { preloadScreens, router } from './routes.tsx'
import { cssVariables, theme } from './theme.ts'

// Answers are kept for the back button; every visit still asks again. A person sees failures at once and retries by hand.
const client = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 2_000, gcTime: 300_000, refetchOnWindowFocus: false } },
})

const place = document.getElementById('root')
if (place !== null) {
  startKeyboard()
  createRoot(place).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
  preloadScreens()
}
