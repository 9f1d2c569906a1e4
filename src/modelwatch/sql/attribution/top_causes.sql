-- Causes of the latest change in performance: one row per cause in the latest complete window of
-- each kind, compared with each reference, ranked. Key: monitor, window_name, model_version,
-- reference, metric, split, split_name, part, effect.
WITH causes AS (
  SELECT
    attributions.*,
    max(attributions.window_start) OVER (
      PARTITION BY
        attributions.monitor,
        attributions.window_name,
        attributions.model_version,
        attributions.reference
    ) AS latest_start
  FROM change_attributions AS attributions
  JOIN performance_runs AS evaluated
    ON attributions.monitor = evaluated.monitor
    AND attributions.run_id = evaluated.run_id
    AND attributions.window_name = evaluated.window_name
    AND attributions.window_start = evaluated.window_start
  WHERE evaluated.latest AND NOT attributions.partial
)
SELECT
  monitor,
  as_of,
  model_version,
  window_name,
  window_start,
  window_end,
  reference,
  metric,
  rank,
  split,
  split_name,
  part,
  effect,
  value,
  lower,
  upper,
  p_value,
  row_count,
  reference_rows,
  note
FROM causes
WHERE window_start = latest_start AND rank IS NOT NULL
