-- Published runs: one row per run whose results count. Key: run_id.
SELECT *
FROM runs
WHERE outcome = 'published'
