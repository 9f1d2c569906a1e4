-- Current results of constraints: one row per constraint and day. Key: monitor, day, constraint.
SELECT results.*
FROM constraint_results AS results
JOIN current_days AS days
  ON results.monitor = days.monitor
  AND results.run_id = days.run_id
  AND results.day = days.day
