-- One row a window and source of figures: the newest published run that judged it. Key: monitor,
-- source, window, window_start.
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
