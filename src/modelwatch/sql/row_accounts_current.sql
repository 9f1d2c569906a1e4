-- Current accounts of rows: one row per day and table with rules. Key: monitor, day, role.
SELECT accounts.*
FROM row_accounts AS accounts
JOIN current_days AS days
  ON accounts.monitor = days.monitor
  AND accounts.run_id = days.run_id
  AND accounts.day = days.day
WHERE accounts.role <> 'labels'
UNION ALL
SELECT accounts.*
FROM row_accounts AS accounts
JOIN current_performance_days AS held
  ON accounts.monitor = held.monitor
  AND accounts.run_id = held.run_id
  AND accounts.day = held.day
WHERE accounts.role = 'labels'
