-- A feature over time: one row per feature, window_name, reference, and statistic, with the profile
-- of the window. Filter by feature, kind of window, reference, and statistic, and order by
-- `window_start`. Key: monitor, model_version, segmentation, segment, role, feature, window_name,
-- window_start, reference, statistic.
--
-- - `mean`: Mean of the feature in the window; null for categorical features.
-- - `sd`: Standard deviation of the feature in the window; null for categorical features.
-- - `null_share`: Share of nulls in the window.
-- - `beyond_threshold`: Whether the statistic exceeds its threshold. Chance is not considered; see
--   `verdicts_current`.
WITH profiles AS (
  SELECT
    monitor,
    model_version,
    segmentation,
    segment,
    role,
    feature,
    window_name,
    window_start,
    max(if(metric = 'mean', value, NULL)) AS mean,
    max(if(metric = 'sd', value, NULL)) AS sd,
    max(if(metric = 'null_share', value, NULL)) AS null_share
  FROM profile_current
  WHERE metric IN ('mean', 'sd', 'null_share')
  GROUP BY ALL
)
SELECT
  metrics.monitor,
  metrics.model_version,
  metrics.segmentation,
  metrics.segment,
  metrics.role,
  metrics.feature,
  metrics.window_name,
  metrics.window_start,
  metrics.window_end,
  metrics.partial,
  metrics.row_count,
  profiles.mean,
  profiles.sd,
  profiles.null_share,
  metrics.reference,
  metrics.reference_start,
  metrics.reference_end,
  metrics.reference_rows,
  metrics.statistic,
  metrics.value,
  metrics.reason,
  metrics.threshold,
  coalesce(abs(metrics.value) > metrics.threshold, false) AS beyond_threshold
FROM drift_current AS metrics
LEFT JOIN profiles
  ON metrics.monitor = profiles.monitor
  AND metrics.model_version = profiles.model_version
  AND metrics.segmentation = profiles.segmentation
  AND metrics.segment = profiles.segment
  AND metrics.role = profiles.role
  AND metrics.feature = profiles.feature
  AND metrics.window_name = profiles.window_name
  AND metrics.window_start = profiles.window_start
WHERE metrics.feature_b IS NULL
