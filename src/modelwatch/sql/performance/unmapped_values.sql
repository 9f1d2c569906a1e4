-- Values of labels and decisions that the configuration does not name as positive, negative, or a
-- class: one row per day, subject, and value. Key: monitor, day, subject, counted_as, spelling.
--
-- - `as_of`: As-of day of the run that read the values.
-- - `subject`: `label`, `decision`, or `challenger:<name>`.
-- - `counted_as`: `no value` (empty string or NaN), `nothing` (the row has no label or decision),
--   `negative`, or `another class`.
-- - `spelling`: The value as a string; empty for `no value`. Null for the values beyond the first
--   100 in sort order.
-- - `row_count`: Rows with the value.
-- - `share`: Share of the non-null rows of the day.
WITH cells AS (
  SELECT monitor, day, as_of, kind, name, cell.position AS position, cell.row_count AS row_count
  FROM performance_states_current
  LATERAL VIEW inline(arrays_zip(positions, counts)) cell AS position, row_count
  WHERE kind = 'values' OR kind LIKE 'spelling:%'
),
totals AS (
  SELECT
    monitor,
    day,
    name AS subject,
    max(as_of) AS as_of,
    sum(if(position IN (0, 1), row_count, 0)) AS all_rows,
    sum(if(position = 1, row_count, 0)) AS missing,
    sum(if(position = 2, row_count, 0)) AS nothing,
    sum(if(position = 3, row_count, 0)) AS negative,
    sum(if(position = 4, row_count, 0)) AS another
  FROM cells
  WHERE kind = 'values'
  GROUP BY monitor, day, name
),
spelled AS (
  SELECT
    monitor,
    day,
    substring(kind, 10) AS subject,
    CASE position WHEN 0 THEN 'nothing' WHEN 1 THEN 'negative' ELSE 'another class' END
      AS counted_as,
    name AS spelling,
    sum(row_count) AS row_count
  FROM cells
  WHERE kind LIKE 'spelling:%'
  GROUP BY ALL
),
counted AS (
  SELECT monitor, day, subject, cell.counted_as, cell.row_count
  FROM totals
  LATERAL VIEW inline(
    array(
      struct('no value' AS counted_as, missing AS row_count),
      struct('nothing' AS counted_as, nothing AS row_count),
      struct('negative' AS counted_as, negative AS row_count),
      struct('another class' AS counted_as, another AS row_count)
    )
  ) cell AS counted_as, row_count
),
latest AS (
  SELECT monitor, day, subject, counted_as, sum(row_count) AS row_count
  FROM spelled
  GROUP BY ALL
),
every AS (
  SELECT monitor, day, subject, counted_as, spelling, row_count FROM spelled
  UNION ALL
  SELECT
    counted.monitor,
    counted.day,
    counted.subject,
    counted.counted_as,
    if(counted.counted_as = 'no value', '', NULL),
    counted.row_count - coalesce(latest.row_count, 0)
  FROM counted
  LEFT JOIN latest
    ON counted.monitor = latest.monitor
    AND counted.day = latest.day
    AND counted.subject = latest.subject
    AND counted.counted_as = latest.counted_as
  WHERE counted.row_count > coalesce(latest.row_count, 0)
)
SELECT
  every.monitor,
  every.day,
  totals.as_of,
  every.subject,
  every.counted_as,
  every.spelling,
  every.row_count,
  every.row_count / totals.all_rows AS share
FROM every
JOIN totals
  ON every.monitor = totals.monitor
  AND every.day = totals.day
  AND every.subject = totals.subject
