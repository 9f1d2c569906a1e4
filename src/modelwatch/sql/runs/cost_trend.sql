-- Costs of published runs, and durations of other jobs of the model: one row per cost, compared
-- with the median of the previous 20. Key: monitor, kind, measure, started_at, run_id.
--
-- - `kind`: `monitor` for runs of modelwatch, otherwise the kind of job, such as `training`.
-- - `measure`: What was measured: `seconds`, `executor_seconds`, `spark_jobs`, `bytes_read`,
--   `rows_read`, `shuffle_bytes`, `spill_bytes`, or `stage <name>` in seconds.
-- - `value`: Measured value.
-- - `median_before`: Median of the previous 20 jobs of the same kind; null for the first.
-- - `ratio_to_median`: Value divided by `median_before`; above 1 is more than usual. Null for the
--   first.
-- - `jobs_before`: Number of previous jobs in the median, at most 20.
WITH costs AS (
  SELECT monitor, 'monitor' AS kind, run_id, started_at, cost.measure, cost.value
  FROM run_costs
  LATERAL VIEW explode(
    concat(
      array(
        struct('seconds' AS measure, double(seconds) AS value),
        struct('executor_seconds' AS measure, double(executor_seconds) AS value),
        struct('spark_jobs' AS measure, double(spark_jobs) AS value),
        struct('bytes_read' AS measure, double(spark_bytes_read) AS value),
        struct('rows_read' AS measure, double(spark_rows_read) AS value),
        struct('shuffle_bytes' AS measure, double(shuffle_bytes) AS value),
        struct('spill_bytes' AS measure, double(spill_bytes) AS value)
      ),
      transform(
        map_entries(seconds_by_stage),
        stage -> struct(concat('stage ', stage.key) AS measure, double(stage.value) AS value)
      )
    )
  ) exploded AS cost
  WHERE outcome = 'published'
  UNION ALL
  SELECT monitor, kind, run_id, started_at, 'seconds' AS measure, seconds AS value
  FROM durations_current
),
known AS (
  SELECT *
  FROM costs
  WHERE value IS NOT NULL
),
beside AS (
  SELECT
    known.*,
    array_sort(
      collect_list(value) OVER (
        PARTITION BY monitor, kind, measure
        ORDER BY started_at, run_id
        ROWS BETWEEN 20 PRECEDING AND 1 PRECEDING
      )
    ) AS before
  FROM known
),
usual AS (
  SELECT
    beside.*,
    (get(before, (size(before) - 1) DIV 2) + get(before, size(before) DIV 2)) / 2 AS median_before
  FROM beside
)
SELECT
  monitor,
  kind,
  measure,
  started_at,
  run_id,
  value,
  if(size(before) = 0, NULL, median_before) AS median_before,
  if(size(before) = 0, NULL, value / nullif(median_before, 0)) AS ratio_to_median,
  size(before) AS jobs_before
FROM usual
