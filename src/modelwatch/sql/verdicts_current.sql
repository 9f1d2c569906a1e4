-- Current verdicts: one row per judged metric and window. Key: monitor, source, role, subject,
-- figure, model_version, segmentation, segment, window, window_start, reference.
SELECT given.*
FROM verdicts AS given
JOIN current_verdict_windows AS judged
  ON given.monitor = judged.monitor
  AND given.run_id = judged.run_id
  AND given.source = judged.source
  AND given.window = judged.window
  AND given.window_start = judged.window_start
