-- Current health of source tables: one row per check of a table, day, or column. For missing days,
-- the newest published run counts; for other days and columns, the newest result. Key: monitor,
-- role, check_name, day, subject, reason.
--
-- - `onset`: First of the consecutive days that did not pass; null if the check passes.
WITH latest AS (
  SELECT health.*, struct(published.finished_at, published.run_id) AS moment
  FROM source_health AS health
  JOIN published_runs AS published
    ON health.monitor = published.monitor AND health.run_id = published.run_id
),
ranked AS (
  SELECT
    latest.*,
    verdict IN ('warn', 'fail') AS bad,
    rank() OVER (
      PARTITION BY
        monitor,
        role,
        if(check_name = 'missing_partition', 'freshness', check_name),
        CASE
          WHEN check_name IN ('freshness', 'missing_partition') THEN '(table)'
          WHEN check_name = 'schema' THEN subject
          ELSE string(day)
        END
      ORDER BY moment DESC
    ) AS age
  FROM latest
),
counting AS (
  SELECT
    ranked.*,
    count_if(NOT bad) OVER (
      PARTITION BY monitor, role, check_name, subject ORDER BY day
    ) AS stretch
  FROM ranked
  WHERE age = 1
)
SELECT
  monitor,
  run_id,
  as_of,
  role,
  table_name,
  version,
  check_name,
  day,
  subject,
  expected,
  observed,
  value,
  threshold,
  verdict,
  if(
    bad,
    min(if(bad, onset, NULL)) OVER (PARTITION BY monitor, role, check_name, subject, stretch),
    NULL
  ) AS onset,
  reason,
  examples
FROM counting
