-- Profiles in the layout of the table `<table>_profile_metrics` of Databricks data profiling: one
-- row per feature and window, and one row per window whose `column_name` is `:table`. Dashboards
-- and alerts for that table can read this view. Key: monitor, model_version, role, granularity,
-- window, slice_key, slice_value, column_name.
--
-- - `window`: Start of the window, and its end, excluded.
-- - `log_type`: `INPUT`; profiles of references are not stored.
-- - `logging_table_commit_version`: Null; the column `sources` of `runs` contains the versions.
-- - `monitor_version`: 0.
-- - `granularity`: `1 day`, `1 week`, `1 month`, or the name of the window.
-- - `slice_key`: Segmentation; null for all traffic.
-- - `slice_value`: Segment; null for all traffic.
-- - `column_name`: Feature, or `:table`.
-- - `count`: Rows of the window, including nulls.
-- - `data_type`: `double` for a numeric feature, `string` for a categorical feature.
-- - `num_nulls`: Nulls.
-- - `avg`: Mean.
-- - `quantiles`: Quantiles 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, and 0.99.
-- - `min`: Minimum.
-- - `max`: Maximum.
-- - `stddev`: Standard deviation.
-- - `num_zeros`: Rows whose value is zero.
-- - `num_nan`: Rows whose value is not a number.
-- - `min_length`: Number of characters of the shortest value.
-- - `max_length`: Number of characters of the longest value.
-- - `avg_length`: Mean number of characters.
-- - `non_null_columns`: Features with a value in the window; only in rows of `:table`.
-- - `frequent_items`: The most frequent values of a categorical feature.
-- - `median`: Median.
-- - `distinct_count`: Number of distinct values, an estimate above 255.
-- - `percent_nan`: Percentage of rows whose value is not a number, from 0 to 100.
-- - `percent_null`: Percentage of nulls.
-- - `percent_zeros`: Percentage of rows whose value is zero.
-- - `percent_distinct`: Distinct values as a percentage of the rows.
-- - `accuracy_score`: Accuracy; only in rows of `:table`, like the columns that follow, and only if
--   labels are due.
-- - `precision`: Precision: of the positive class, or the averages over the classes.
-- - `recall`: Recall, likewise.
-- - `f1_score`: F1, likewise.
-- - `mean_squared_error`: Mean squared error.
-- - `root_mean_squared_error`: Root mean squared error.
-- - `mean_average_error`: Mean absolute error, under the name of Databricks.
-- - `mean_absolute_percentage_error`: Mean absolute percentage error.
-- - `r2_score`: R squared.
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
    window_end,
    max(row_count) AS row_count,
    max(if(metric = 'nans', 'double', NULL)) AS numeric_type,
    max(if(metric = 'nulls', value, NULL)) AS nulls,
    max(if(metric = 'null_share', value, NULL)) AS null_share,
    max(if(metric = 'mean', value, NULL)) AS mean,
    max(if(metric = 'sd', value, NULL)) AS sd,
    max(if(metric = 'min', value, NULL)) AS minimum,
    max(if(metric = 'max', value, NULL)) AS maximum,
    max(if(metric = 'q01', value, NULL)) AS q01,
    max(if(metric = 'q05', value, NULL)) AS q05,
    max(if(metric = 'q25', value, NULL)) AS q25,
    max(if(metric = 'q50', value, NULL)) AS q50,
    max(if(metric = 'q75', value, NULL)) AS q75,
    max(if(metric = 'q95', value, NULL)) AS q95,
    max(if(metric = 'q99', value, NULL)) AS q99,
    max(if(metric = 'zeros', value, NULL)) AS zeros,
    max(if(metric = 'zero_share', value, NULL)) AS zero_share,
    max(if(metric = 'nans', value, NULL)) AS nans,
    max(if(metric = 'nan_share', value, NULL)) AS nan_share,
    max(if(metric = 'distinct', value, NULL)) AS distinct_values,
    max(if(metric = 'length_min', value, NULL)) AS length_min,
    max(if(metric = 'length_max', value, NULL)) AS length_max,
    max(if(metric = 'length_mean', value, NULL)) AS length_mean,
    max(if(metric = 'most_frequent', text, NULL)) AS most_frequent
  FROM profile_current
  GROUP BY ALL
),
qualities AS (
  SELECT
    monitor,
    model_version,
    segmentation,
    segment,
    window_name,
    window_start,
    max(if(metric = 'accuracy', value, NULL)) AS accuracy,
    max(if(metric = 'precision', value, NULL)) AS positive_precision,
    max(if(metric = 'macro_precision', value, NULL)) AS macro_precision,
    max(if(metric = 'weighted_precision', value, NULL)) AS weighted_precision,
    max(if(metric = 'recall', value, NULL)) AS positive_recall,
    max(if(metric = 'macro_recall', value, NULL)) AS macro_recall,
    max(if(metric = 'weighted_recall', value, NULL)) AS weighted_recall,
    max(if(metric = 'f1', value, NULL)) AS positive_f1,
    max(if(metric = 'macro_f1', value, NULL)) AS macro_f1,
    max(if(metric = 'weighted_f1', value, NULL)) AS weighted_f1,
    max(if(metric = 'rmse', value, NULL)) AS rmse,
    max(if(metric = 'mae', value, NULL)) AS mae,
    max(if(metric = 'mape', value, NULL)) AS mape,
    max(if(metric = 'r2', value, NULL)) AS r2
  FROM performance_current
  WHERE cohort = 'due' AND reference IS NULL
  GROUP BY ALL
),
tables AS (
  SELECT
    monitor,
    model_version,
    segmentation,
    segment,
    role,
    window_name,
    window_start,
    window_end,
    max(row_count) AS row_count,
    array_agg(if(nulls < row_count, feature, NULL)) AS features
  FROM profiles
  GROUP BY ALL
),
listed AS (
  SELECT
    monitor,
    model_version,
    segmentation,
    segment,
    role,
    window_name,
    window_start,
    window_end,
    feature AS column_name,
    row_count,
    coalesce(numeric_type, 'string') AS data_type,
    nulls,
    mean,
    array(q01, q05, q25, q50, q75, q95, q99) AS quantiles,
    minimum,
    maximum,
    sd,
    zeros,
    nans,
    length_min,
    length_max,
    length_mean,
    CAST(NULL AS array<string>) AS features,
    most_frequent,
    q50,
    distinct_values,
    nan_share,
    null_share,
    zero_share
  FROM profiles
  UNION ALL
  SELECT
    monitor,
    model_version,
    segmentation,
    segment,
    role,
    window_name,
    window_start,
    window_end,
    ':table',
    row_count,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    array_sort(features),
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
  FROM tables
)
SELECT
  named_struct(
    'start', timestamp(listed.window_start), 'end', timestamp(date_add(listed.window_end, 1))
  ) AS `window`,
  'INPUT' AS log_type,
  CAST(NULL AS int) AS logging_table_commit_version,
  0L AS monitor_version,
  CASE listed.window_name
    WHEN 'day' THEN '1 day'
    WHEN 'week' THEN '1 week'
    WHEN 'month' THEN '1 month'
    ELSE listed.window_name
  END AS granularity,
  nullif(listed.segmentation, 'all') AS slice_key,
  if(listed.segmentation = 'all', NULL, listed.segment) AS slice_value,
  listed.column_name,
  listed.row_count AS count,
  listed.data_type,
  bigint(listed.nulls) AS num_nulls,
  listed.mean AS avg,
  if(listed.q50 IS NULL, NULL, listed.quantiles) AS quantiles,
  listed.minimum AS min,
  listed.maximum AS max,
  listed.sd AS stddev,
  bigint(listed.zeros) AS num_zeros,
  bigint(listed.nans) AS num_nan,
  listed.length_min AS min_length,
  listed.length_max AS max_length,
  listed.length_mean AS avg_length,
  listed.features AS non_null_columns,
  if(
    listed.data_type = 'string',
    transform(
      from_json(listed.most_frequent, 'array<struct<value: string, rows: bigint>>'),
      held -> named_struct('item', held.value, 'count', held.rows)
    ),
    NULL
  ) AS frequent_items,
  listed.q50 AS median,
  bigint(listed.distinct_values) AS distinct_count,
  100 * listed.nan_share AS percent_nan,
  100 * listed.null_share AS percent_null,
  100 * listed.zero_share AS percent_zeros,
  100 * listed.distinct_values / nullif(listed.row_count, 0) AS percent_distinct,
  qualities.accuracy AS accuracy_score,
  if(
    coalesce(qualities.positive_precision, qualities.macro_precision) IS NULL,
    NULL,
    named_struct(
      'one_vs_all', map_from_entries(
        if(
          qualities.positive_precision IS NULL,
          NULL,
          array(struct('1' AS key, qualities.positive_precision AS value))
        )
      ),
      'macro', qualities.macro_precision,
      'weighted', qualities.weighted_precision
    )
  ) AS precision,
  if(
    coalesce(qualities.positive_recall, qualities.macro_recall) IS NULL,
    NULL,
    named_struct(
      'one_vs_all', map_from_entries(
        if(
          qualities.positive_recall IS NULL,
          NULL,
          array(struct('1' AS key, qualities.positive_recall AS value))
        )
      ),
      'macro', qualities.macro_recall,
      'weighted', qualities.weighted_recall
    )
  ) AS recall,
  if(
    coalesce(qualities.positive_f1, qualities.macro_f1) IS NULL,
    NULL,
    named_struct(
      'one_vs_all', map_from_entries(
        if(
          qualities.positive_f1 IS NULL,
          NULL,
          array(struct('1' AS key, qualities.positive_f1 AS value))
        )
      ),
      'macro', qualities.macro_f1,
      'weighted', qualities.weighted_f1
    )
  ) AS f1_score,
  qualities.rmse * qualities.rmse AS mean_squared_error,
  qualities.rmse AS root_mean_squared_error,
  qualities.mae AS mean_average_error,
  qualities.mape AS mean_absolute_percentage_error,
  qualities.r2 AS r2_score,
  listed.monitor,
  listed.model_version,
  listed.role
FROM listed
LEFT JOIN qualities
  ON listed.column_name = ':table'
  AND listed.role = 'predictions'
  AND listed.monitor = qualities.monitor
  AND listed.model_version = qualities.model_version
  AND listed.segmentation = qualities.segmentation
  AND listed.segment = qualities.segment
  AND listed.window_name = qualities.window_name
  AND listed.window_start = qualities.window_start
