-- One row a check of a table, of one of its days or columns, that counts: of days that are missing
-- what the newest published run saw, of other days and of columns the newest word. `since`: first
-- day of the stretch of days that did not pass. Key: monitor, role, check, day, subject, reason.
WITH told AS (
  SELECT health.*, struct(published.finished_at, published.run_id) AS moment
  FROM source_health AS health
  JOIN published_runs AS published
    ON health.monitor = published.monitor AND health.run_id = published.run_id
),
ranked AS (
  SELECT
    told.*,
    verdict IN ('warn', 'fail') AS bad,
    rank() OVER (
      PARTITION BY
        monitor,
        role,
        if(`check` = 'missing_partition', 'freshness', `check`),
        CASE
          WHEN `check` IN ('freshness', 'missing_partition') THEN '(table)'
          WHEN `check` = 'schema' THEN subject
          ELSE string(day)
        END
      ORDER BY moment DESC
    ) AS age
  FROM told
),
counting AS (
  SELECT
    ranked.*,
    count_if(NOT bad) OVER (
      PARTITION BY monitor, role, `check`, subject ORDER BY day
    ) AS stretch
  FROM ranked
  WHERE age = 1
)
SELECT
  monitor,
  run_id,
  as_of,
  role,
  `table`,
  version,
  `check`,
  day,
  subject,
  expected,
  observed,
  value,
  threshold,
  verdict,
  if(
    bad,
    min(if(bad, since, NULL)) OVER (PARTITION BY monitor, role, `check`, subject, stretch),
    NULL
  ) AS since,
  reason,
  examples
FROM counting
