import { useRouter } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, MouseEvent, ReactNode } from 'react'

export interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly href: string
  readonly children?: ReactNode
}

/** A real `<a href>`: middle click and ctrl-click open a tab, a plain click stays in the page. */
export function Link({ href, onClick, ...rest }: LinkProps): ReactNode {
  const router = useRouter()
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    router.history.push(href)
  }
  return <a href={href} onClick={follow} {...rest} />
}

/** Goes to an address made by `linkTo`. */
export function useGo(): (href: string) => void {
  const router = useRouter()
  return (href) => router.history.push(href)
}
