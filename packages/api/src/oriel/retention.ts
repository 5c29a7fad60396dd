import type { RetentionAnswer } from '@oriel/contract'
import { MS_PER_DAY } from '@oriel/model'
import { printMatchers } from '@oriel/syntax'
import type { Answer } from '../http/exchange.ts'
import { jsonAnswer } from '../http/exchange.ts'
import type { ApiServices } from '../services.ts'

/** GET /api/oriel/retention. */
export async function retentionPlan({ retention }: ApiServices): Promise<Answer> {
  const { days, expired } = await retention()
  const answer: RetentionAnswer = {
    days: days.map(({ day, samples }) => ({ dayMs: day * MS_PER_DAY, samples })),
    expired: expired.map(({ tenant, matchers, keepMs, lastDay, samples }) => ({
      tenant,
      match: matchers.length === 0 ? '' : printMatchers(matchers),
      keepMs,
      beforeMs: (lastDay + 1) * MS_PER_DAY,
      samples,
    })),
  }
  return jsonAnswer(answer)
}
