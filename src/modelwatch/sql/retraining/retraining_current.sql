-- Retraining decisions of the newest published run: one row per policy, for the model that is in
-- use. Key: monitor, model_version, policy.
WITH newest AS (
  SELECT
    decided.monitor,
    max_by(decided.run_id, struct(published.finished_at, published.run_id)) AS run_id
  FROM retraining_decisions AS decided
  JOIN published_runs AS published
    ON decided.monitor = published.monitor AND decided.run_id = published.run_id
  GROUP BY decided.monitor
)
SELECT decided.*
FROM retraining_decisions AS decided
JOIN newest ON decided.monitor = newest.monitor AND decided.run_id = newest.run_id
