-- Champion and challenger in the latest window in which they were compared: one row per pair of
-- models, kind of window, segment, and metric. Key: monitor, design, champion, challenger, window,
-- segmentation, segment, metric.
WITH compared AS (
  SELECT
    comparisons.*,
    max(comparisons.window_start) OVER (
      PARTITION BY
        comparisons.monitor,
        comparisons.design,
        comparisons.champion,
        comparisons.challenger,
        comparisons.window
    ) AS latest_start
  FROM model_comparisons AS comparisons
  JOIN performance_runs AS evaluated
    ON comparisons.monitor = evaluated.monitor
    AND comparisons.run_id = evaluated.run_id
    AND comparisons.window = evaluated.window
    AND comparisons.window_start = evaluated.window_start
  WHERE evaluated.latest AND comparisons.rows > 0
)
SELECT
  monitor,
  run_id,
  as_of,
  design,
  champion,
  challenger,
  segmentation,
  segment,
  window,
  window_start,
  window_end,
  partial,
  metric,
  champion_value,
  challenger_value,
  value,
  reason,
  lower,
  upper,
  p_value,
  rows,
  verdict
FROM compared
WHERE window_start = latest_start
