-- One row a run whose results stand. Key: run_id.
SELECT *
FROM runs
WHERE outcome = 'published'
