-- One row a verdict that counts. Key: monitor, day, constraint.
SELECT results.*
FROM constraint_results AS results
JOIN current_days AS days
  ON results.monitor = days.monitor
  AND results.run_id = days.run_id
  AND results.day = days.day
