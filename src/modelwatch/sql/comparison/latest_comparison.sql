-- Champion and challenger in the latest window in which they were compared: one row per pair of
-- models, kind of window, segment, and metric. Key: monitor, design, champion, challenger,
-- window_name, segmentation, segment, metric.
WITH compared AS (
  SELECT
    comparisons.*,
    max(comparisons.window_start) OVER (
      PARTITION BY
        comparisons.monitor,
        comparisons.design,
        comparisons.champion,
        comparisons.challenger,
        comparisons.window_name
    ) AS latest_start
  FROM model_comparisons AS comparisons
  JOIN performance_runs AS evaluated
    ON comparisons.monitor = evaluated.monitor
    AND comparisons.run_id = evaluated.run_id
    AND comparisons.window_name = evaluated.window_name
    AND comparisons.window_start = evaluated.window_start
  WHERE evaluated.latest AND comparisons.row_count > 0
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
  window_name,
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
  row_count,
  verdict
FROM compared
WHERE window_start = latest_start
