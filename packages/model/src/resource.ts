/**
 * The entity that produced telemetry (OpenTelemetry resource): attributes as strings, keyed by their OpenTelemetry names.
 *
 * `id` is a 64-bit hash of the attributes in decimal, '0' for "no resource". Stored once, referred to by id from logs and spans.
 */
export interface Resource {
  readonly id: bigint
  readonly service: string
  readonly attributes: Readonly<Record<string, string>>
}

/** The service a record without `service.name` belongs to. Source: OpenTelemetry resource semantic conventions. */
export const UNKNOWN_SERVICE = 'unknown_service'
