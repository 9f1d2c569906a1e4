"""An Airflow DAG: the monitor once a day, and its upkeep after it.

Each task starts ``modelwatch`` as a process, in an environment of its own, so that its libraries
and those of Airflow need not agree. Exit code 1 says that something needs attention, and a retry
would find the same: such a task ends as skipped, which does not stop the upkeep. Messages to people
go out by ``notify`` in the configuration.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

MODELWATCH = "/opt/modelwatch/bin/modelwatch"
CONFIG = "/opt/modelwatch/conf/payments.yaml"
NEEDS_ATTENTION = 1

with DAG(
    dag_id="payments_monitor",
    schedule="0 5 * * *",
    start_date=datetime(2026, 1, 1),
    # A run makes up for those that were missed by itself.
    catchup=False,
    max_active_runs=1,
    tags=["modelwatch"],
):
    monitor = BashOperator(
        task_id="monitor",
        bash_command=f"{MODELWATCH} run {CONFIG} --as-of {{{{ data_interval_end | ds }}}}",
        skip_on_exit_code=NEEDS_ATTENTION,
        execution_timeout=timedelta(hours=2),
        # Code 2: the run could not do its work, and left nothing that a reader sees.
        retries=1,
        retry_delay=timedelta(minutes=10),
    )
    maintain = BashOperator(
        task_id="maintain",
        bash_command=f"{MODELWATCH} maintain {CONFIG}",
        trigger_rule="none_failed",
        execution_timeout=timedelta(hours=2),
    )
    monitor >> maintain
