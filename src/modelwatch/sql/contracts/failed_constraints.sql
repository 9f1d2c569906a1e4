-- Constraints that do not hold, or could not be evaluated: one row per constraint and day. Key:
-- monitor, day, constraint.
SELECT
  monitor,
  day,
  `constraint`,
  kind,
  `column`,
  `where`,
  verdict,
  observed,
  lower,
  upper,
  reason,
  rows,
  run_id
FROM constraints_current
WHERE verdict <> 'pass'
