import { Check, Copy } from 'lucide-react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { useEffect, useState } from 'react'
import styles from './panel.module.css'

/** A quiet button with text. */
export function SmallButton({ className = '', ...rest }: ButtonHTMLAttributes<HTMLButtonElement>): ReactNode {
  return <button type="button" className={`${styles['small']} ${className}`} {...rest} />
}

/** A button that is an icon; `label` is its name for everybody. */
export function IconButton({
  label,
  className = '',
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { readonly label: string }): ReactNode {
  return <button type="button" className={`${styles['icon']} ${className}`} aria-label={label} title={label} {...rest} />
}

/** Copies text and says so for a moment. */
export function CopyButton({ text, label = 'Copy', isIcon = false }: CopyProps): ReactNode {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 1_500)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = (): void => {
    void navigator.clipboard.writeText(typeof text === 'string' ? text : text()).then(() => setCopied(true))
  }
  const icon = isCopied ? <Check size={14} /> : <Copy size={14} />
  if (isIcon) return <IconButton label={isCopied ? 'Copied' : label} onClick={copy} children={icon} />
  return (
    <SmallButton onClick={copy}>
      {icon}
      {isCopied ? 'Copied' : label}
    </SmallButton>
  )
}

interface CopyProps {
  readonly text: string | (() => string)
  readonly label?: string
  readonly isIcon?: boolean
}
