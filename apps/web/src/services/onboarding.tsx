import type { StatusAnswer } from '@oriel/contract'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { CopyButton, SmallButton } from '../frame/buttons.tsx'
import { Link } from '../frame/link.tsx'
import { linkTo } from '../frame/link-to.ts'
import { Panel } from '../frame/panel.tsx'
import { useTime } from '../frame/use-time.ts'
import page from '../style/page.module.css'
import { makeSnippets } from './snippets.ts'
import styles from './onboarding.module.css'

const LOOK_BACK = [
  { name: '24 hours', from: 'now-24h' },
  { name: '7 days', from: 'now-7d' },
] as const

/** The first screen of an empty store: how to send something to this very server. It gives way by itself when data comes. */
export function Onboarding({ status }: { readonly status: StatusAnswer }): ReactNode {
  const snippets = makeSnippets(status, window.location.origin)
  const { show, context } = useTime()
  const [chosen, setChosen] = useState(snippets[0]?.id)
  const snippet = snippets.find(({ id }) => id === chosen)
  return (
    <div className={`${page['page']} ${styles['page']}`}>
      <div className={styles['intro']}>
        <h1 className={styles['title']}>Point something at Oriel</h1>
        <p>It speaks what you already run. Pick a sender, paste, and this page turns into your services.</p>
      </div>
      <Panel label="How to send data">
        <div className={styles['columns']}>
          <div className={styles['list']} role="group" aria-label="Senders">
            {snippets.map(({ id, name, signals }) => (
              <button key={id} type="button" aria-pressed={id === chosen} onClick={() => setChosen(id)}>
                <span>{name}</span>
                <span className="muted">{signals}</span>
              </button>
            ))}
          </div>
          {snippet !== undefined && (
            <div className={styles['snippet']}>
              <div className={styles['snippetHead']}>
                <span className="muted">{snippet.where}</span>
                <CopyButton text={snippet.text} />
              </div>
              <pre className="mono scroll-thin" tabIndex={0} aria-label={snippet.name}>
                {snippet.text}
              </pre>
            </div>
          )}
        </div>
      </Panel>
      <p className={styles['waiting']}>
        <span role="status">
          <span className={styles['pulse']} aria-hidden />
          Waiting for the first service …
        </span>
        <span className="muted">Sent something before? Look back over</span>
        {LOOK_BACK.map(({ name, from }) => (
          <SmallButton key={from} onClick={() => show({ from, to: 'now' })}>
            {name}
          </SmallButton>
        ))}
        {status.isSelfOn && (
          <Link className="link" href={linkTo({ kind: 'service', service: 'oriel' }, context)}>
            Or watch Oriel watch itself
          </Link>
        )}
      </p>
    </div>
  )
}
