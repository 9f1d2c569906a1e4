-- Newest promotion decision of each challenger: one row per challenger. Key: monitor, challenger.
WITH newest AS (
  SELECT monitor, challenger, max(decided_at) AS decided_at
  FROM promotion_decisions
  GROUP BY monitor, challenger
)
SELECT decided.*
FROM promotion_decisions AS decided
JOIN newest
  ON decided.monitor = newest.monitor
  AND decided.challenger = newest.challenger
  AND decided.decided_at = newest.decided_at
