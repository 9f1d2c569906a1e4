-- Arrival of labels: one row per window and age of predictions, as of the newest as-of day of the
-- window. Key: monitor, window, window_start, model_version, segmentation, segment, age_days.
SELECT maturity.*
FROM label_maturity AS maturity
JOIN performance_runs AS evaluated
  ON maturity.monitor = evaluated.monitor
  AND maturity.run_id = evaluated.run_id
  AND maturity.window = evaluated.window
  AND maturity.window_start = evaluated.window_start
WHERE evaluated.latest
