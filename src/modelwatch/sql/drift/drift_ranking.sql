-- Features and pairs ranked by drift: one row per feature in the latest complete window of each
-- kind, compared with each reference, for all traffic. If no window is complete, the current one
-- is used. Key: monitor, window_name, model_version, reference, role, feature, feature_b.
--
-- - `rank`: Position, starting with 1 for the largest drift: by effect, then by PSI.
-- - `times_threshold`: Largest effect of all statistics: absolute value divided by threshold.
-- - `beyond_threshold`: Whether a statistic exceeds its threshold. Chance is not considered; see
--   `verdicts_current`.
-- - `statistic`: Statistic with the largest effect.
-- - `value`: Value of that statistic.
-- - `threshold`: Threshold of that statistic.
-- - `psi`: Population stability index; null if undefined.
WITH latest AS (
  SELECT
    monitor,
    window_name,
    max_by(window_start, struct(NOT partial, window_start)) AS window_start
  FROM drift_current
  WHERE segmentation = 'all'
  GROUP BY monitor, window_name
),
features AS (
  SELECT
    metrics.monitor,
    metrics.window_name,
    metrics.window_start,
    metrics.window_end,
    metrics.partial,
    metrics.model_version,
    metrics.reference,
    metrics.reference_start,
    metrics.reference_end,
    metrics.role,
    metrics.feature,
    metrics.feature_b,
    max(if(metrics.statistic = 'psi', metrics.value, NULL)) AS psi,
    max_by(
      struct(metrics.statistic, metrics.value, metrics.threshold),
      abs(metrics.value) / nullif(metrics.threshold, 0)
    ) AS worst,
    max(abs(metrics.value) / nullif(metrics.threshold, 0)) AS times_threshold,
    max(metrics.row_count) AS row_count,
    max(metrics.reference_rows) AS reference_rows
  FROM drift_current AS metrics
  JOIN latest
    ON metrics.monitor = latest.monitor
    AND metrics.window_name = latest.window_name
    AND metrics.window_start = latest.window_start
  WHERE metrics.segmentation = 'all'
  GROUP BY ALL
)
SELECT
  monitor,
  window_name,
  window_start,
  window_end,
  partial,
  model_version,
  reference,
  reference_start,
  reference_end,
  row_number() OVER (
    PARTITION BY monitor, window_name, model_version, reference
    ORDER BY times_threshold DESC NULLS LAST, psi DESC NULLS LAST, role, feature, feature_b
  ) AS rank,
  role,
  feature,
  feature_b,
  times_threshold,
  times_threshold > 1 AS beyond_threshold,
  worst.statistic AS statistic,
  worst.value AS value,
  worst.threshold AS threshold,
  psi,
  row_count,
  reference_rows
FROM features
