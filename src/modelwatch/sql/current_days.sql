-- One row a day: the newest published run that computed its states. Key: monitor, day.
SELECT
  monitor,
  day,
  max_by(run_id, struct(finished_at, run_id)) AS run_id,
  max(finished_at) AS computed_at
FROM published_runs
LATERAL VIEW explode(days) exploded AS day
GROUP BY monitor, day
