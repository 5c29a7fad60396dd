import '../style/kit.ts'
import '@mantine/spotlight/styles.css'
import { Spotlight, createSpotlight } from '@mantine/spotlight'
import { Search } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { loadServices } from '../data/oriel.ts'
import { useGo } from './link.tsx'
import { linkTo } from './link-to.ts'
import { serviceColor } from './palette.ts'
import { SCREENS } from './screens.ts'
import styles from './shell.module.css'
import { QUICK_RANGES } from './time-range.ts'
import { useRangeAnswer } from './use-answer.ts'
import { useTime } from './use-time.ts'

const [store, spotlight] = createSpotlight()

interface Command {
  readonly id: string
  readonly group: string
  readonly label: string
  readonly color?: string
  readonly run: () => void
}

/** Goes anywhere by name: screens, services, a pasted trace id, time ranges. */
export function CommandPalette({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [query, setQuery] = useState('')
  useEffect(() => spotlight.open(), [])
  const shown = useCommands(query.trim())
  const groups = [...new Set(shown.map(({ group }) => group))]
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={onClose}
      shortcut={null}
      scrollable
      maxHeight={460}
      overlayProps={{ backgroundOpacity: 0.35, blur: 2 }}
    >
      <Spotlight.Search placeholder="A screen, a service, a trace id …" leftSection={<Search size={18} />} aria-label="Search" />
      <Spotlight.ActionsList>
        {groups.map((group) => (
          <Spotlight.ActionsGroup key={group} label={group}>
            {shown
              .filter((command) => command.group === group)
              .map(({ id, label, color, run }) => (
                <Spotlight.Action
                  key={id}
                  label={label}
                  className={styles['command'] ?? ''}
                  onClick={run}
                  leftSection={
                    color === undefined ? undefined : (
                      <span style={{ display: 'block', width: 10, height: 10, borderRadius: 3, background: color }} />
                    )
                  }
                />
              ))}
          </Spotlight.ActionsGroup>
        ))}
        {shown.length === 0 && <Spotlight.Empty>Nothing by that name</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}

function useCommands(query: string): Command[] {
  const go = useGo()
  const { context, show } = useTime()
  const { data } = useRangeAnswer(['services'], ({ range, signal }) => loadServices(range, signal))
  const services = data?.services.map(({ service }) => service) ?? []
  if (/^[0-9a-f]{16,32}$/i.test(query)) {
    const traceId = query.toLowerCase()
    return [
      { id: 'trace', group: 'Trace', label: `Open trace ${traceId}`, run: () => go(linkTo({ kind: 'trace', traceId }, context)) },
    ]
  }
  const commands: Command[] = [
    ...SCREENS.map(({ name, target }) => ({ id: name, group: 'Screens', label: name, run: () => go(linkTo(target, context)) })),
    ...services.map((service) => ({
      id: `service ${service}`,
      group: 'Services',
      label: service,
      color: serviceColor(service),
      run: () => go(linkTo({ kind: 'service', service }, context)),
    })),
    ...QUICK_RANGES.map(({ name, from, to }) => ({ id: name, group: 'Time', label: name, run: () => show({ from, to }) })),
  ]
  const wanted = query.toLowerCase()
  return commands.filter(({ label, group }) => (wanted === '' ? group !== 'Time' : label.toLowerCase().includes(wanted)))
}
