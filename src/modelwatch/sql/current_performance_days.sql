-- One row a day whose predictions were held against labels: the newest published run that did it.
-- Key: monitor, day.
SELECT
  monitor,
  held.day AS day,
  max_by(run_id, struct(finished_at, run_id)) AS run_id,
  max(finished_at) AS computed_at
FROM published_runs
LATERAL VIEW explode(label_days) exploded AS held
GROUP BY monitor, held.day
