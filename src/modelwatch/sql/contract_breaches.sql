-- One row a clause of a contract and day that is not kept, or can't be told. Key: monitor, day,
-- constraint. `version`: of the contract that the run held the day to.
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
