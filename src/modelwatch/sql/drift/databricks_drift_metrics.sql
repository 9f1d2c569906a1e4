-- Drift in the layout of the table `<table>_drift_metrics` of Databricks data profiling: one row
-- per feature, window, and reference. Dashboards and alerts for that table can read this view.
-- Key: monitor, model_version, role, reference, granularity, window, slice_key, slice_value,
-- column_name.
--
-- - `window`: Start of the window, and its end, excluded.
-- - `granularity`: `1 day`, `1 week`, `1 month`, or the name of the window.
-- - `monitor_version`: 0.
-- - `slice_key`: Segmentation; null for all traffic.
-- - `slice_value`: Segment; null for all traffic.
-- - `column_name`: Feature.
-- - `data_type`: `double` for a numeric feature, `string` for a categorical feature.
-- - `window_cmp`: Start of the reference, and its end, excluded; null for an entire table.
-- - `drift_type`: `CONSECUTIVE` if the reference moves with the window, otherwise `BASELINE`.
-- - `count_delta`: Rows of the window minus rows of the reference.
-- - `avg_delta`: Change of the mean; null unless the reference is the previous window of the kind.
-- - `percent_null_delta`: Change of the percentage of nulls.
-- - `percent_zeros_delta`: Change of the percentage of zeros.
-- - `percent_distinct_delta`: Change of the distinct values as a percentage of the rows; null
--   unless the reference is the previous window of the kind.
-- - `non_null_columns_delta`: Null.
-- - `js_distance`: Jensen-Shannon distance.
-- - `ks_test`: Kolmogorov-Smirnov test. Its p-value assumes independent rows.
-- - `wasserstein_distance`: Wasserstein-1 distance, in units of the spread of the reference.
-- - `population_stability_index`: Population stability index.
-- - `chi_squared_test`: Chi-square test. Its p-value assumes independent rows.
-- - `tv_distance`: Total variation distance.
-- - `l_infinity_distance`: L-infinity distance.
WITH metrics AS (
  SELECT
    monitor,
    model_version,
    segmentation,
    segment,
    role,
    feature,
    window_name,
    window_start,
    window_end,
    reference,
    reference_start,
    reference_end,
    max(row_count) - max(reference_rows) AS count_delta,
    max(if(statistic = 'nan_share_change', 'double', NULL)) AS numeric_type,
    max(if(statistic = 'null_share_change', value, NULL)) AS null_share_change,
    max(if(statistic = 'zero_share_change', value, NULL)) AS zero_share_change,
    max(if(statistic = 'jensen_shannon', value, NULL)) AS jensen_shannon,
    max(if(statistic = 'ks', value, NULL)) AS ks,
    max(if(statistic = 'ks_p_value', value, NULL)) AS ks_p_value,
    max(if(statistic = 'wasserstein', value, NULL)) AS wasserstein,
    max(if(statistic = 'psi', value, NULL)) AS psi,
    max(if(statistic = 'chi_square', value, NULL)) AS chi_square,
    max(if(statistic = 'chi_square_p_value', value, NULL)) AS chi_square_p_value,
    max(if(statistic = 'total_variation', value, NULL)) AS total_variation,
    max(if(statistic = 'l_infinity', value, NULL)) AS l_infinity
  FROM drift_current
  WHERE feature_b IS NULL AND feature <> '*'
  GROUP BY ALL
),
moving AS (
  SELECT monitor, reference, min(reference_start) < max(reference_start) AS moves
  FROM drift_current
  GROUP BY ALL
),
profiles AS (
  SELECT
    monitor,
    model_version,
    segmentation,
    segment,
    role,
    feature,
    window_name,
    window_start,
    window_end,
    max(if(metric = 'mean', value, NULL)) AS mean,
    100 * max(if(metric = 'distinct', value, NULL)) / nullif(max(row_count), 0) AS percent_distinct
  FROM profile_current
  WHERE metric IN ('mean', 'distinct')
  GROUP BY ALL
)
SELECT
  named_struct(
    'start', timestamp(metrics.window_start), 'end', timestamp(date_add(metrics.window_end, 1))
  ) AS `window`,
  CASE metrics.window_name
    WHEN 'day' THEN '1 day'
    WHEN 'week' THEN '1 week'
    WHEN 'month' THEN '1 month'
    ELSE metrics.window_name
  END AS granularity,
  0L AS monitor_version,
  nullif(metrics.segmentation, 'all') AS slice_key,
  if(metrics.segmentation = 'all', NULL, metrics.segment) AS slice_value,
  metrics.feature AS column_name,
  coalesce(metrics.numeric_type, 'string') AS data_type,
  if(
    metrics.reference_start IS NULL,
    NULL,
    named_struct(
      'start', timestamp(metrics.reference_start),
      'end', timestamp(date_add(metrics.reference_end, 1))
    )
  ) AS window_cmp,
  if(moving.moves, 'CONSECUTIVE', 'BASELINE') AS drift_type,
  metrics.count_delta,
  current.mean - previous.mean AS avg_delta,
  100 * metrics.null_share_change AS percent_null_delta,
  100 * metrics.zero_share_change AS percent_zeros_delta,
  current.percent_distinct - previous.percent_distinct AS percent_distinct_delta,
  CAST(NULL AS struct<added: int, missing: int>) AS non_null_columns_delta,
  metrics.jensen_shannon AS js_distance,
  if(
    metrics.ks IS NULL,
    NULL,
    named_struct('statistic', metrics.ks, 'pvalue', metrics.ks_p_value)
  ) AS ks_test,
  metrics.wasserstein AS wasserstein_distance,
  metrics.psi AS population_stability_index,
  if(
    metrics.chi_square IS NULL,
    NULL,
    named_struct('statistic', metrics.chi_square, 'pvalue', metrics.chi_square_p_value)
  ) AS chi_squared_test,
  metrics.total_variation AS tv_distance,
  metrics.l_infinity AS l_infinity_distance,
  metrics.monitor,
  metrics.model_version,
  metrics.role,
  metrics.reference
FROM metrics
JOIN moving
  ON metrics.monitor = moving.monitor
  AND metrics.reference = moving.reference
LEFT JOIN profiles AS current
  ON metrics.monitor = current.monitor
  AND metrics.model_version = current.model_version
  AND metrics.segmentation = current.segmentation
  AND metrics.segment = current.segment
  AND metrics.role = current.role
  AND metrics.feature = current.feature
  AND metrics.window_name = current.window_name
  AND metrics.window_start = current.window_start
LEFT JOIN profiles AS previous
  ON metrics.monitor = previous.monitor
  AND metrics.model_version = previous.model_version
  AND metrics.segmentation = previous.segmentation
  AND metrics.segment = previous.segment
  AND metrics.role = previous.role
  AND metrics.feature = previous.feature
  AND metrics.window_name = previous.window_name
  AND metrics.reference_start = previous.window_start
  AND metrics.reference_end = previous.window_end
