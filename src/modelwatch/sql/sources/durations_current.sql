-- Durations of other jobs of the model: one row per job, as copied by the newest run. Key:
-- monitor, kind, started_at, seconds.
WITH newest AS (
  SELECT copied.monitor, max_by(copied.run_id, struct(published.finished_at, published.run_id))
    AS run_id
  FROM durations AS copied
  JOIN published_runs AS published
    ON copied.monitor = published.monitor AND copied.run_id = published.run_id
  GROUP BY copied.monitor
)
SELECT copied.*
FROM durations AS copied
JOIN newest
  ON copied.monitor = newest.monitor AND copied.run_id = newest.run_id
