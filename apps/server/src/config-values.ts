import { dirname, resolve } from 'node:path'
import { parsePromDuration } from '@oriel/syntax'
import type { ConfigLayer, ConfigValue } from './config-layer.ts'
import { ServerError } from './errors.ts'

/** Where to listen. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Reads typed values out of layers; the first layer that has a key wins. */
export class ConfigValues {
  readonly #layers: readonly ConfigLayer[]

  constructor(layers: readonly ConfigLayer[]) {
    this.#layers = layers
  }

  /** Text; empty counts as absent. */
  text(key: string): string | undefined {
    const found = this.#find(key)
    if (found === undefined || found.value === null || found.value === '') return undefined
    if (typeof found.value === 'string') return expand(found.value, found, key)
    if (typeof found.value === 'number') return String(found.value)
    return refuse(found, key, 'it must be text')
  }

  /** A path; in a file it is relative to that file, elsewhere to the working directory. */
  file(key: string): string | undefined {
    const text = this.text(key)
    const file = this.#find(key)?.file
    if (text === undefined) return undefined
    return file === undefined ? resolve(text) : resolve(dirname(file), text)
  }

  /** A list of paths, each as `file` has one. */
  files(key: string): readonly string[] | undefined {
    const file = this.#find(key)?.file
    return this.list(key)?.map((text) => (file === undefined ? resolve(text) : resolve(dirname(file), text)))
  }

  flag(key: string): boolean | undefined {
    const found = this.#find(key)
    if (found === undefined || found.value === null) return undefined
    if (found.value === true || found.value === 'true' || found.value === '1') return true
    if (found.value === false || found.value === 'false' || found.value === '0') return false
    return refuse(found, key, 'it must be true or false')
  }

  /** Bytes: a whole number, or one with KiB, MiB or GiB behind it. */
  bytes(key: string): number | undefined {
    const text = this.text(key)
    if (text === undefined) return undefined
    const [, digits, unit = ''] = /^(\d{1,12}) ?([KMG]iB|)$/.exec(text) ?? []
    if (digits === undefined) return refuse(this.#find(key), key, `${JSON.stringify(text)} is not a size such as 256MiB`)
    return Number(digits) * 1_024 ** ['', 'KiB', 'MiB', 'GiB'].indexOf(unit)
  }

  choice<Choice extends string>(key: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(key)
    if (text === undefined) return undefined
    const choice = choices.find((one) => one === text)
    return choice ?? refuse(this.#find(key), key, `${JSON.stringify(text)} is none of ${choices.join(', ')}`)
  }

  /** A duration such as 30s or 1h30m, above 0, in milliseconds. */
  durationMs(key: string): number | undefined {
    const text = this.text(key)
    if (text === undefined) return undefined
    const parsed = parsePromDuration(text)
    if (parsed.ok && parsed.value > 0) return parsed.value
    return refuse(this.#find(key), key, `${JSON.stringify(text)} is not a duration such as 30s or 1h30m`)
  }

  /** A whole number above 0. */
  count(key: string): number | undefined {
    const text = this.text(key)
    if (text === undefined) return undefined
    const count = Number(text)
    if (Number.isSafeInteger(count) && count > 0) return count
    return refuse(this.#find(key), key, `${JSON.stringify(text)} is not a whole number above 0`)
  }

  /** A list of texts, or one text with commas. */
  list(key: string): readonly string[] | undefined {
    const found = this.#find(key)
    if (found === undefined || found.value === null) return undefined
    if (typeof found.value === 'string')
      return found.value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    if (!Array.isArray(found.value)) return refuse(found, key, 'it must be a list')
    return found.value.map((part) => (typeof part === 'string' ? part : refuse(found, key, 'every entry must be text')))
  }

  /** `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for loopback. */
  address(key: string): Address | undefined {
    const text = this.text(key)
    if (text === undefined) return undefined
    const [, host, bare, port] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? []
    const number = Number(port)
    if (port === undefined || number > 65_535) {
      return refuse(this.#find(key), key, `${JSON.stringify(text)} is not HOST:PORT with a port of 0 to 65535`)
    }
    return { host: host ?? (bare || '127.0.0.1'), port: number }
  }

  /** Whatever a file says, as YAML reads it. */
  any(key: string): unknown {
    return this.#find(key)?.value ?? undefined
  }

  /** Refuses a value, naming where it was said. */
  refuse(key: string, why: string): never {
    return refuse(this.#find(key), key, why)
  }

  #find(key: string): ConfigValue | undefined {
    for (const layer of this.#layers) {
      const found = layer.get(key)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** `${env:NAME}` stands for a variable of the environment, so that no secret needs to be in a file. */
function expand(text: string, found: ConfigValue, key: string): string {
  return text.replace(/\$\{env:([A-Za-z_]\w*)\}/g, (_whole, name: string) => {
    return process.env[name] ?? refuse(found, key, `the environment has no ${name}`)
  })
}

function refuse(found: ConfigValue | undefined, key: string, why: string): never {
  throw new ServerError('SERVER_BAD_CONFIG', `cannot use ${key} (${found?.where ?? 'default'}): ${why}`)
}
