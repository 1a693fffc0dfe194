# Runs several jobs at a time, and tells their results in order
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#     job() { exec COMMAND; }                              # what one is: job NAME
#     job_ended() { ...; }                                 # called for each in turn: job_ended NAME STATUS SECONDS OUTPUT-FILE
#     jobs_run N DIR NAME...                               # N at a time; their output goes to files in DIR
#
# By default a job survives the shell that started it: let it `exec setpriv --pdeathsig`.

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
