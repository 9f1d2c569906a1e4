-- Clauses of contracts that do not hold, or could not be evaluated: one row per clause and day.
-- Key: monitor, day, constraint_name.
--
-- - `contract`: Name of the contract.
-- - `version`: Version of the contract that the run used for the day.
-- - `constraint_name`: Name of the clause: `contract.<contract>.<column>.<clause>`.
SELECT
  results.monitor,
  results.day,
  used.name AS contract,
  used.version,
  results.constraint_name,
  results.kind,
  results.column_name,
  results.verdict,
  results.observed,
  results.lower,
  results.upper,
  results.reason,
  results.row_count,
  results.run_id
FROM failed_constraints AS results
JOIN (
  SELECT monitor, run_id, held.name, held.version
  FROM published_runs
  LATERAL VIEW explode(contracts) exploded AS held
) AS used
  ON results.monitor = used.monitor
  AND results.run_id = used.run_id
  AND startswith(results.constraint_name, concat('contract.', used.name, '.'))
