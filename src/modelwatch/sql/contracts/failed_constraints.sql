-- Constraints that do not hold, or could not be evaluated: one row per constraint and day. Key:
-- monitor, day, constraint_name.
SELECT
  monitor,
  day,
  constraint_name,
  kind,
  column_name,
  row_filter,
  verdict,
  observed,
  lower,
  upper,
  reason,
  row_count,
  run_id
FROM constraints_current
WHERE verdict <> 'pass'
