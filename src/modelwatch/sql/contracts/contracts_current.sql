-- Contracts: one row per version that a published run has used. If two concurrent runs stored a
-- version, it is listed once. Key: monitor, contract, version.
SELECT
  held.monitor,
  held.contract,
  held.version,
  held.fingerprint,
  held.role,
  held.path,
  held.contract_yaml,
  held.first_used_at,
  held.run_id
FROM (
  SELECT
    stored.*,
    row_number() OVER (
      PARTITION BY stored.monitor, stored.contract, stored.version
      ORDER BY stored.first_used_at, stored.run_id
    ) AS place
  FROM contracts AS stored
  JOIN published_runs AS published
    ON stored.monitor = published.monitor AND stored.run_id = published.run_id
) AS held
WHERE held.place = 1
