import { OrielError } from '@oriel/model'

/** Codes of `ServerError`. */
export const SERVER_ERRORS = {
  SERVER_BAD_CONFIG: 'The configuration has an unknown key or a value that cannot be used; the message names file, line and key.',
  SERVER_NO_CONFIG: 'A configuration file that was asked for cannot be read.',
  SERVER_PORT_IN_USE: 'Another program listens on an address; the message names it and the flag that chooses another.',
  SERVER_CANNOT_LISTEN: 'An address cannot be listened on: not ours, or not allowed to this user.',
  SERVER_NOT_LOOPBACK: 'An address reaches beyond this machine while nothing asks for a login: say --insecure if that is meant.',
} as const

/** An expected failure to start or reload. */
export class ServerError extends OrielError {
  constructor(code: keyof typeof SERVER_ERRORS, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}
