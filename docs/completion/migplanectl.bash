# bash completion for migplanectl(1)
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

_migplanectl_planes() {
    local name _
    migplanectl list --no-legend --no-pager "$@" 2>/dev/null | while read -r name _; do printf '%s\n' "$name"; done
}

_migplanectl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local options='-h --help --version -H --host --no-ask-password --no-legend --no-pager'
    local verbs='list status address uri set-bandwidth plan verify check reload down release up wait-online migrations monitor help'
    local verb='' word i
    local -a host=()

    # Bash splits --json=short into three words.
    [[ $current == = ]] && current=''
    [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD - 2]}

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        -H | --host | --json | --network | --egress | --ingress | --timeout)
            [[ ${COMP_WORDS[i + 1]-} == = ]] && ((i++))
            ((i++))
            [[ $word == -H || $word == --host ]] && ((i < COMP_CWORD)) && host=(--host "${COMP_WORDS[i]}")
            ;;
        -*) ;;
        *) verb=$word; break ;;
        esac
    done

    case $previous in
    --json) mapfile -t COMPREPLY < <(compgen -W 'pretty short off' -- "$current"); return ;;
    -H | --host) mapfile -t COMPREPLY < <(compgen -A hostname -- "$current"); return ;;
    --network | --egress | --ingress | --timeout) COMPREPLY=(); return ;;
    esac

    case $verb in
    '' | list | status) options+=' --json --bits' ;;
    verify | check | reload | monitor) options+=' --json' ;;
    uri) options+=' --json --force' ;;
    plan) options+=' --json --files' ;;
    address) options+=' --network --force' ;;
    set-bandwidth) options+=' --egress --ingress --reset --runtime' ;;
    wait-online) options+=' --timeout --any' ;;
    migrations) options+=' --json --all' ;;
    release) options+=' --all' ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi

    case $verb in
    '') mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current") ;;
    status | verify | reload | address | uri | set-bandwidth | plan | down | release | up | wait-online | migrations)
        mapfile -t COMPREPLY < <(compgen -W "$(_migplanectl_planes "${host[@]}")" -- "$current") ;;
    check) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    *) COMPREPLY=() ;;
    esac
}

complete -F _migplanectl migplanectl
