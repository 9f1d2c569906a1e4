-- Judged windows: one row per window and source of metrics, with the newest published run that
-- judged it. Key: monitor, source, window, window_start.
--
-- - `source`: Source of the judged metrics, as in `verdicts`.
-- - `run_id`: Newest published run that judged the window.
-- - `judged_at`: When that run was published.
SELECT
  monitor,
  judged.source AS source,
  judged.window AS window,
  judged.window_start AS window_start,
  max_by(judged.window_end, struct(finished_at, run_id)) AS window_end,
  max_by(run_id, struct(finished_at, run_id)) AS run_id,
  max(finished_at) AS judged_at
FROM published_runs
LATERAL VIEW explode(verdict_windows) exploded AS judged
GROUP BY monitor, judged.source, judged.window, judged.window_start
