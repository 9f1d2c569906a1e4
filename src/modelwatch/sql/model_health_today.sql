-- One row a model: its health on the latest day that its monitor computed. Key: monitor,
-- model_version. Drift is that of the one-day window, all traffic, where a gate applies.
WITH latest AS (
  SELECT monitor, max(day) AS day
  FROM current_days
  GROUP BY monitor
),
models AS (
  SELECT states.monitor, states.model_version, states.day, sum(states.rows) AS rows
  FROM feature_states_current AS states
  JOIN latest ON states.monitor = latest.monitor AND states.day = latest.day
  WHERE states.kind = 'rows'
  GROUP BY states.monitor, states.model_version, states.day
),
checked AS (
  SELECT
    results.monitor,
    count_if(results.verdict = 'fail') AS constraints_failed,
    count_if(results.verdict = 'warn') AS constraints_warned,
    count_if(results.verdict = 'unknown') AS constraints_unknown
  FROM constraints_current AS results
  JOIN latest ON results.monitor = latest.monitor AND results.day = latest.day
  GROUP BY results.monitor
),
moved AS (
  SELECT
    metrics.monitor,
    metrics.model_version,
    count(DISTINCT metrics.role, metrics.feature) AS features_beyond_gate,
    max_by(
      struct(metrics.feature, metrics.reference, metrics.statistic, metrics.value, metrics.gate),
      abs(metrics.value) / nullif(metrics.gate, 0)
    ) AS worst
  FROM drift_current AS metrics
  JOIN latest
    ON metrics.monitor = latest.monitor
    AND metrics.window_start = latest.day
    AND metrics.window_end = latest.day
  WHERE metrics.segmentation = 'all' AND abs(metrics.value) > metrics.gate
  GROUP BY metrics.monitor, metrics.model_version
)
SELECT
  models.monitor,
  models.model_version,
  models.day,
  models.rows,
  CASE
    WHEN checked.constraints_failed > 0 THEN 'fail'
    WHEN checked.constraints_warned > 0 OR moved.features_beyond_gate > 0 THEN 'warn'
    WHEN checked.constraints_unknown > 0 THEN 'unknown'
    ELSE 'pass'
  END AS health,
  coalesce(checked.constraints_failed, 0) AS constraints_failed,
  coalesce(checked.constraints_warned, 0) AS constraints_warned,
  coalesce(checked.constraints_unknown, 0) AS constraints_unknown,
  coalesce(moved.features_beyond_gate, 0) AS features_beyond_gate,
  moved.worst.feature AS worst_feature,
  moved.worst.reference AS worst_reference,
  moved.worst.statistic AS worst_statistic,
  moved.worst.value AS worst_value,
  moved.worst.gate AS worst_gate
FROM models
LEFT JOIN checked ON models.monitor = checked.monitor
LEFT JOIN moved
  ON models.monitor = moved.monitor AND models.model_version = moved.model_version
