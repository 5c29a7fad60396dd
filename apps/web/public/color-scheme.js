// Sets the colour scheme before the first paint, so that a dark page never flashes white. Must stay a classic script.
;(function () {
  var stored
  try {
    stored = localStorage.getItem('mantine-color-scheme-value')
  } catch {
    // Storage is off: follow the system.
  }
  var isDark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light')
})()
