/** Aggregation operators, as a person writes them. */
export const AGGREGATIONS: readonly string[] =
  'sum avg min max count group stddev stdvar topk bottomk quantile count_values limitk limit_ratio'.split(' ')

/** The words around operators. */
export const MODIFIERS: readonly string[] =
  'by without on ignoring group_left group_right offset bool and or unless atan2 fill fill_left fill_right smoothed anchored'.split(
    ' ',
  )
