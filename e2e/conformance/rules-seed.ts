/** Rule files of the teaching texts, by name: verbatim, with the indentation that YAML needs where a text lost it. */
export const SEED_RULES: readonly (readonly [name: string, text: string])[] = [
  [
    'seed-application.yml',
    `groups:
  - name: application.rules
    interval: 30s
    rules:
      - alert: HighErrorRate
        expr: |
          (
            sum(rate(http_requests_total{status=~"5.."}[5m])) by (service)
            /
            sum(rate(http_requests_total[5m])) by (service)
          ) > 0.05
        for: 5m
        labels:
          severity: critical
          team:     backend
        annotations:
          summary:     "{{ $labels.service }}: error rate {{ $value | humanizePercentage }}"
          description: "Service {{ $labels.service }} error rate exceeds 5% for 5m."
          runbook_url: "https://wiki.company.com/runbooks/high-error-rate"
          dashboard:   "https://grafana.company.com/d/app-overview?var-service={{ $labels.service }}"
      - alert: HighP99Latency
        expr: |
          histogram_quantile(0.99,
            sum(rate(http_request_duration_seconds_bucket[10m])) by (le, service)
          ) > 2.0
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "{{ $labels.service }}: p99 latency {{ $value | humanizeDuration }}"
      - alert: PodCrashLooping
        expr: |
          rate(kube_pod_container_status_restarts_total[15m]) * 60 * 15 > 0
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "Pod {{ $labels.namespace }}/{{ $labels.pod }} crash-looping"
      - alert: SLOBurnRateFast
        expr: |
          (
            sum(rate(http_requests_total{status=~"5.."}[1h])) by (service)
            /
            sum(rate(http_requests_total[1h])) by (service)
          ) > 14 * 0.001
        for: 2m
        labels:
          severity: critical
          window:   1h
        annotations:
          summary: "{{ $labels.service }}: SLO fast burn — 1h window"
      - alert: SLOBurnRateSlow
        expr: |
          (
            sum(rate(http_requests_total{status=~"5.."}[6h])) by (service)
            /
            sum(rate(http_requests_total[6h])) by (service)
          ) > 3 * 0.001
        for: 15m
        labels:
          severity: warning
          window:   6h
`,
  ],
  [
    'seed-payment.yml',
    `groups:
- name: payment-service
  rules:
  - alert: HighErrorRate
    expr: |
      sum(rate(payment_requests_total{status=~"5.."}[5m]))
      / sum(rate(payment_requests_total[5m])) > 0.05
    for: 2m
    labels:
      severity: critical
    annotations:
      summary: "Payment service error rate is high"
      description: "{{ $value | humanizePercentage }} error rate"
  - alert: HighLatency
    expr: |
      histogram_quantile(0.99,
        rate(payment_request_duration_seconds_bucket[5m])) > 1
    for: 5m
    labels:
      severity: warning
    annotations:
      summary: "Payment service latency is high"
      description: "P99 latency is {{ $value | humanizeDuration }}"
`,
  ],
  [
    'seed-slos.yml',
    `groups:
- name: slos
  rules:
  - alert: HighErrorRate
    expr: |
      sum(rate(http_requests_total{status=~"5.."}[5m]))
      /
      sum(rate(http_requests_total[5m])) > 0.01
    for: 5m
    labels:
      severity: critical
    annotations:
      summary: "Error rate above 1% for 5 minutes"
  - alert: HighLatency
    expr: |
      histogram_quantile(0.95,
        rate(http_request_duration_seconds_bucket[5m])
      ) > 0.5
    for: 5m
`,
  ],
]
