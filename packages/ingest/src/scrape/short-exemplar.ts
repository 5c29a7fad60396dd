import type { FamilyExemplar } from '@oriel/wire'

// Of the names and values of an exemplar together; what is longer is passed over. Source: OpenMetrics 1.0 "Exemplars".
const MAX_EXEMPLAR_CHARS = 128

/** Whether an exemplar is not too long to be taken. */
export function isShort({ labels }: FamilyExemplar): boolean {
  let chars = 0
  for (const { name, value } of labels) chars += Array.from(name + value).length
  return chars <= MAX_EXEMPLAR_CHARS
}
