# Runs several jobs at the same time, and reports their results in order
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#     job() { exec COMMAND; }                              # one job: job NAME
#     job_ended() { ...; }                                 # called for each job in order: NAME STATUS SECONDS OUTPUT-FILE
#     jobs_run N DIR NAME...                               # runs N at a time; their output goes to files in DIR
#
# A job survives the shell that started it, unless it runs `exec setpriv --pdeathsig`.

jobs_run() {
    local n=$1 dir=$2 i=0 shown=0 job status ended
    local -a names=("${@:3}") began=() took=() statuses=()
    local -A running=()
    mkdir -p "$dir"
    while ((shown < ${#names[@]})); do
        while ((i < ${#names[@]} && ${#running[@]} < n)); do
            job "${names[i]}" >"$dir/$i.output" 2>&1 </dev/null &
            running[$!]=$i began[i]=$SECONDS
            ((++i))
        done
        status=0
        wait -n -p ended "${!running[@]}" || status=$?
        job=${running[$ended]}
        statuses[job]=$status took[job]=$((SECONDS - began[job]))
        unset "running[$ended]"
        while [[ -v statuses[shown] ]]; do
            job_ended "${names[shown]}" "${statuses[shown]}" "${took[shown]}" "$dir/$shown.output"
            ((++shown))
        done
    done
}
