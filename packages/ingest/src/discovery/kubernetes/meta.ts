import type { Json } from '../json.ts'
import { labelNameOf } from '../labels.ts'

/** What every label of a Kubernetes target begins with. */
export const PREFIX = '__meta_kubernetes_'

/** Labels as they are being put together. */
export type Labels = Record<string, string>

/** Labels and annotations of an object, each with its sign of being there. `kind` is as in the labels' names. */
export function annotationLabels(object: Json, kind: string): Labels {
  const labels: Labels = {}
  for (const [from, to] of [
    ['labels', 'label'],
    ['annotations', 'annotation'],
  ] as const)
    for (const [name, value] of object.at('metadata', from).entries()) {
      const clean = labelNameOf(name)
      labels[`${PREFIX}${kind}_${to}_${clean}`] = value.text
      labels[`${PREFIX}${kind}_${to}present_${clean}`] = 'true'
    }
  return labels
}

/** The name, labels and annotations of an object. */
export function objectLabels(object: Json, kind: string): Labels {
  return { [`${PREFIX}${kind}_name`]: object.at('metadata', 'name').text, ...annotationLabels(object, kind) }
}

/** The namespace of an object. */
export function namespaceOf(object: Json): string {
  return object.at('metadata', 'namespace').text
}

/** The owner that controls an object; an empty one where there is none. */
export function controllerOf(object: Json): Json | undefined {
  return object
    .at('metadata', 'ownerReferences')
    .list()
    .find((owner) => owner.at('controller').isTrue)
}

/** `{key: value}` where the value is there. */
export function given(key: string, value: Json): Labels {
  return value.isThere ? { [PREFIX + key]: value.text } : {}
}
