-- Days with performance states: one row per day of predictions, with the newest published run that
-- joined them with labels. Key: monitor, day.
--
-- - `day`: Day of the predictions.
-- - `run_id`: Newest published run that computed it.
-- - `computed_at`: When that run was published.
SELECT
  monitor,
  held.day AS day,
  max_by(run_id, struct(finished_at, run_id)) AS run_id,
  max(finished_at) AS computed_at
FROM published_runs
LATERAL VIEW explode(label_days) exploded AS held
GROUP BY monitor, held.day
