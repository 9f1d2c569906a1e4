-- Cost of runs: one row per run, whatever its outcome. Key: run_id.
--
-- - `days`: Number of days whose states were computed.
-- - `windows`: Number of windows that were computed.
-- - `seconds`: Wall-clock seconds.
-- - `seconds_by_stage`: Wall-clock seconds by stage. Stages overlap.
-- - `spark_tasks`: Spark tasks.
-- - `files_read`: Files of the computed days of inputs and predictions.
-- - `bytes_read`: Bytes of these files.
-- - `spark_bytes_read`: All bytes that Spark read. What Python workers read from files
--   themselves (`reads` in `runs`) is not among them.
-- - `spark_rows_read`: All rows that Spark read, likewise.
-- - `shuffle_bytes`: Bytes shuffled.
-- - `spill_bytes`: Bytes spilled to disk for lack of memory.
SELECT
  monitor,
  run_id,
  started_at,
  as_of,
  outcome,
  exit_code,
  size(coalesce(days, array())) AS days,
  size(coalesce(windows, array())) AS windows,
  (unix_micros(finished_at) - unix_micros(started_at)) / 1000000.0D AS seconds,
  map_from_entries(transform(stages, stage -> struct(stage.stage, stage.seconds)))
    AS seconds_by_stage,
  executor_seconds,
  spark_jobs,
  work.tasks AS spark_tasks,
  aggregate(
    transform(sources, source -> coalesce(source.files, 0L)), 0L, (total, files) -> total + files
  ) AS files_read,
  aggregate(
    transform(sources, source -> coalesce(source.bytes, 0L)), 0L, (total, bytes) -> total + bytes
  ) AS bytes_read,
  work.bytes_read AS spark_bytes_read,
  work.rows_read AS spark_rows_read,
  work.shuffle_bytes,
  work.spill_bytes,
  input_rows,
  prediction_rows
FROM runs
