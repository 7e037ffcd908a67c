#!/bin/sh
# Many short runs in one process: memory over time, and what is left behind.
#
#   scripts/soak.sh [METASCOPE] [THREAD_RUNS] [DOCKER_RUNS]
#
# The defaults are 10000 runs on the thread executor and 300 in containers. Prints the memory of the
# workbench's process every tenth of the way, then processes, temp dirs and containers that remain,
# of which there must be none.
set -eu

metascope=${1:-target/release/metascope}
threads=${2:-10000}
containers=${3:-300}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/project" "$folder/tmp"
printf 'def work(k: int) -> int:\n    print(k)\n    return k * k\n' >"$folder/project/soak.py"
export METASCOPE_STATE_DIR="$folder/state" METASCOPE_CACHE_DIR="$folder/cache" TMPDIR="$folder/tmp"

failed=0
soak() {
    executor=$1 count=$2
    [ "$count" -gt 0 ] || return 0
    echo "$executor: $count runs"
    "$metascope" run "$folder/project" soak.work --grid "k=1..$count" --executor "$executor" \
        --trust --format json >"$folder/$executor.json" 2>"$folder/$executor.log" &
    pid=$! began=$(date +%s)
    while kill -0 "$pid" 2>/dev/null; do
        memory=$(awk '/VmRSS/ {print $2}' "/proc/$pid/status" 2>/dev/null || true)
        descriptors=$(ls "/proc/$pid/fd" 2>/dev/null | wc -l)
        tasks=$(ls "/proc/$pid/task" 2>/dev/null | wc -l)
        [ -z "$memory" ] ||
            echo "  $(($(date +%s) - began)) s  $memory kB  $descriptors descriptors  $tasks threads"
        sleep "${SOAK_EVERY:-5}"
    done
    wait "$pid" || { echo "  failed:"; tail -5 "$folder/$executor.log"; failed=1; }
    echo "  done in $(($(date +%s) - began)) s"
    left=$(grep -lasF "METASCOPE_OWNER=$pid-" /proc/[0-9]*/environ 2>/dev/null | wc -l)
    dirs=$(find "$folder/tmp" -mindepth 2 | wc -l)
    echo "  left: $left processes, $dirs files in temp dirs"
    [ "$left" -eq 0 ] && [ "$dirs" -eq 0 ] || failed=1
}

soak thread "$threads"
if [ "$containers" -gt 0 ]; then
    soak docker "$containers"
    left=$(docker ps -aq --filter label=metascope.run | wc -l)
    echo "  left: $left containers"
    [ "$left" -eq 0 ] || failed=1
fi
exit "$failed"
