-- One row a metric of performance that counts: of each window as its newest as-of day saw it. Key:
-- monitor, window, window_start, model_version, segmentation, segment, cohort, metric, reference.
SELECT metrics.*
FROM performance_metrics AS metrics
JOIN performance_runs AS evaluated
  ON metrics.monitor = evaluated.monitor
  AND metrics.run_id = evaluated.run_id
  AND metrics.window = evaluated.window
  AND metrics.window_start = evaluated.window_start
WHERE evaluated.latest
