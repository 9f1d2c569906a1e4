-- Quarantined rows, held or released: one row per row of a source table. Key: monitor, day, role,
-- row_key, copy.
SELECT rows.*
FROM quarantine AS rows
JOIN current_days AS days
  ON rows.monitor = days.monitor
  AND rows.run_id = days.run_id
  AND rows.day = days.day
WHERE rows.role <> 'labels'
UNION ALL
SELECT rows.*
FROM quarantine AS rows
JOIN current_performance_days AS held
  ON rows.monitor = held.monitor
  AND rows.run_id = held.run_id
  AND rows.day = held.day
WHERE rows.role = 'labels'
