-- Current business metrics: one row per metric and window, as of the newest as-of day of the
-- window. Key: monitor, window, window_start, model_version, segmentation, segment, metric,
-- statistic.
SELECT metrics.*
FROM business_metrics AS metrics
JOIN performance_runs AS evaluated
  ON metrics.monitor = evaluated.monitor
  AND metrics.run_id = evaluated.run_id
  AND metrics.window = evaluated.window
  AND metrics.window_start = evaluated.window_start
WHERE evaluated.latest
