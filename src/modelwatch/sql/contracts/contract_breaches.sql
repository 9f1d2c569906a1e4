-- Clauses of contracts that do not hold, or could not be evaluated: one row per clause and day.
-- Key: monitor, day, constraint.
--
-- - `contract`: Name of the contract.
-- - `version`: Version of the contract that the run used for the day.
-- - `constraint`: Name of the clause: `contract.<contract>.<column>.<clause>`.
SELECT
  results.monitor,
  results.day,
  used.name AS contract,
  used.version,
  results.`constraint`,
  results.kind,
  results.`column`,
  results.verdict,
  results.observed,
  results.lower,
  results.upper,
  results.reason,
  results.rows,
  results.run_id
FROM failed_constraints AS results
JOIN (
  SELECT monitor, run_id, held.name, held.version
  FROM published_runs
  LATERAL VIEW explode(contracts) exploded AS held
) AS used
  ON results.monitor = used.monitor
  AND results.run_id = used.run_id
  AND startswith(results.`constraint`, concat('contract.', used.name, '.'))
