import '../style/kit.ts'
import { Autocomplete, Pill, Select, TextInput } from '@mantine/core'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { loadService, loadServices } from '../data/oriel.ts'
import { useRangeAnswer } from '../frame/use-answer.ts'
import { useAppSearch, usePatchSearch } from '../frame/use-search.ts'
import { parseAttribute, printAttribute, readAttribute } from './traceql-text.ts'
import styles from './traces.module.css'

/** Conditions on traces, one field each; every change runs the search. */
export function TraceForm(): ReactNode {
  const search = useAppSearch()
  const patch = usePatchSearch()
  const { service, status } = search
  const services = useRangeAnswer(['services'], ({ range, signal }) => loadServices(range, signal))
  const names = services.data?.services.map((row) => row.service) ?? []
  return (
    <div className={styles['form']}>
      <Select
        size="xs"
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Any service' }}
        placeholder="Any service"
        aria-label="Service"
        data={service === undefined || names.includes(service) ? names : [...names, service]}
        value={service ?? null}
        onChange={(value) => patch({ service: value ?? undefined, operation: undefined })}
        w={170}
      />
      <OperationField />
      <Select
        size="xs"
        clearable
        clearButtonProps={{ 'aria-label': 'Any status' }}
        placeholder="Any status"
        aria-label="Status"
        data={[
          { value: 'error', label: 'Failed' },
          { value: 'ok', label: 'Ok' },
          { value: 'unset', label: 'Unset' },
        ]}
        value={status ?? null}
        onChange={(value) => patch({ status: value ?? undefined })}
        w={120}
      />
      <DurationField name="min" label="Longer than" />
      <DurationField name="max" label="Shorter than" />
      <AttributeField />
      <span className={styles['pills']}>
        {search.f?.map((text) => {
          const { key, op, value } = readAttribute(text)
          return (
            <Pill
              key={text}
              withRemoveButton
              removeButtonProps={{ 'aria-label': `Remove ${key}` }}
              onRemove={() => patch({ f: withoutOne(search.f, text) })}
            >
              {op === 'exists' ? `${key} exists` : `${key} ${op} ${value}`}
            </Pill>
          )
        })}
      </span>
    </div>
  )
}

function OperationField(): ReactNode {
  const { service, operation = '' } = useAppSearch()
  const patch = usePatchSearch()
  const [text, setText] = useState(operation)
  useEffect(() => setText(operation), [operation])
  const known = useRangeAnswer(['service', service], ({ range, signal }) => loadService(service ?? '', range, signal), {
    isEnabled: service !== undefined,
  })
  const apply = (value: string): void => {
    if (value !== operation) patch({ operation: value === '' ? undefined : value })
  }
  return (
    <Autocomplete
      size="xs"
      placeholder="Any operation"
      aria-label="Operation"
      data={[...new Set(known.data?.operations.map((row) => row.operation))]}
      value={text}
      onChange={setText}
      onOptionSubmit={apply}
      onBlur={() => apply(text)}
      onKeyDown={(event) => onEnter(event, () => apply(text))}
      w={190}
    />
  )
}

// A Go duration: what the search takes.
const DURATION = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/

function DurationField({ name, label }: { readonly name: 'min' | 'max'; readonly label: string }): ReactNode {
  const value = useAppSearch()[name] ?? ''
  const patch = usePatchSearch()
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  // A bare number means milliseconds.
  const full = /^\d+(\.\d+)?$/.test(text.trim()) ? `${text.trim()}ms` : text.trim()
  const isBad = full !== '' && !DURATION.test(full)
  const apply = (): void => {
    if (!isBad && full !== value) patch({ [name]: full === '' ? undefined : full })
  }
  return (
    <TextInput
      size="xs"
      placeholder={label}
      aria-label={`${label}, such as 250ms`}
      title="Such as 250ms, 1.5s, 2m"
      value={text}
      error={isBad}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={apply}
      onKeyDown={(event) => onEnter(event, apply)}
      w={110}
    />
  )
}

function AttributeField(): ReactNode {
  const { f = [] } = useAppSearch()
  const patch = usePatchSearch()
  const [text, setText] = useState('')
  const parsed = parseAttribute(text)
  const add = (): void => {
    if (parsed === undefined) return
    const filter = printAttribute(parsed)
    if (!f.includes(filter)) patch({ f: [...f, filter] })
    setText('')
  }
  return (
    <TextInput
      size="xs"
      placeholder="Attribute, http.route=/pay"
      aria-label="Attribute, such as http.route=/pay"
      title="key=value, also != =~ !~ > <; a key alone means that it exists. Enter adds it."
      value={text}
      error={text !== '' && parsed === undefined}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => onEnter(event, add)}
      w={210}
      data-search
    />
  )
}

function onEnter(event: KeyboardEvent, action: () => void): void {
  if (event.key === 'Enter') action()
}

function withoutOne(filters: readonly string[] | undefined, filter: string): readonly string[] | undefined {
  const rest = filters?.filter((one) => one !== filter) ?? []
  return rest.length === 0 ? undefined : rest
}
