-- One row a run, whatever its outcome: what it did and what that cost. Key: run_id. `bytes_read` and
-- `files_read` are those of the days of inputs and predictions; `spark_bytes_read` is all that
-- Spark's tasks read.
SELECT
  monitor,
  run_id,
  started_at,
  as_of,
  outcome,
  exit_code,
  size(coalesce(days, array())) AS days,
  size(coalesce(windows, array())) AS windows,
  double(finished_at) - double(started_at) AS seconds,
  map_from_entries(transform(stages, stage -> struct(stage.stage, stage.seconds)))
    AS seconds_by_stage,
  executor_seconds,
  spark_jobs,
  work.tasks AS spark_tasks,
  aggregate(sources, 0L, (total, source) -> total + coalesce(source.files, 0L)) AS files_read,
  aggregate(sources, 0L, (total, source) -> total + coalesce(source.bytes, 0L)) AS bytes_read,
  work.bytes_read AS spark_bytes_read,
  work.rows_read AS spark_rows_read,
  work.shuffle_bytes,
  work.spill_bytes,
  input_rows,
  prediction_rows
FROM runs
