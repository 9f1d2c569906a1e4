-- Windows with profiles and drift: one row per window, with the newest published run that computed
-- it. Key: monitor, window, window_start.
--
-- - `run_id`: Newest published run that computed it.
-- - `computed_at`: When that run was published.
SELECT
  monitor,
  computed.window AS window,
  computed.window_start AS window_start,
  max_by(computed.window_end, struct(finished_at, run_id)) AS window_end,
  max_by(run_id, struct(finished_at, run_id)) AS run_id,
  max(finished_at) AS computed_at
FROM published_runs
LATERAL VIEW explode(windows) exploded AS computed
GROUP BY monitor, computed.window, computed.window_start
