-- Current profiles: one row per metric, feature, segment, and window. Key: monitor, window,
-- window_start, model_version, segmentation, segment, role, feature, metric.
SELECT metrics.*
FROM profile_metrics AS metrics
JOIN current_windows AS windows
  ON metrics.monitor = windows.monitor
  AND metrics.run_id = windows.run_id
  AND metrics.window = windows.window
  AND metrics.window_start = windows.window_start
