-- Performance as labels matured: one row per metric, window, and as-of day. Key: monitor,
-- window_name, window_start, as_of, model_version, segmentation, segment, cohort, metric,
-- reference.
--
-- - `restated_by`: Value minus the value of the previous as-of day; null for the first.
-- - `latest`: Whether this is the newest as-of day of the window.
SELECT
  metrics.*,
  metrics.value - lag(metrics.value) OVER (
    PARTITION BY
      metrics.monitor,
      metrics.window_name,
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
  AND metrics.window_name = evaluated.window_name
  AND metrics.window_start = evaluated.window_start
