-- One row a metric of performance of each as-of day: a window as its labels matured. Key: monitor,
-- window, window_start, as_of, model_version, segmentation, segment, cohort, metric, reference.
SELECT
  metrics.*,
  metrics.value - lag(metrics.value) OVER (
    PARTITION BY
      metrics.monitor,
      metrics.window,
      metrics.window_start,
      metrics.model_version,
      metrics.segmentation,
      metrics.segment,
      metrics.cohort,
      metrics.metric,
      metrics.reference
    ORDER BY metrics.as_of
  ) AS restated_by,
  evaluated.latest
FROM performance_metrics AS metrics
JOIN performance_runs AS evaluated
  ON metrics.monitor = evaluated.monitor
  AND metrics.run_id = evaluated.run_id
  AND metrics.window = evaluated.window
  AND metrics.window_start = evaluated.window_start
