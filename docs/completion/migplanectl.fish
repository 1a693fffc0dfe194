# fish completion for migplanectl(1)
# SPDX-License-Identifier: GPL-2.0-or-later

function __migplanectl_planes
    migplanectl list --no-legend --no-pager 2>/dev/null | string replace -r ' .*' ''
end

# The verb on the command line, if there is one.
function __migplanectl_verb
    set -l skip no
    for word in (commandline -opc)[2..-1]
        if test $skip = yes
            set skip no
            continue
        end
        switch $word
            case -H --host --json --network --egress --ingress --timeout
                set skip yes
            case '-*'
            case '*'
                echo $word
                return
        end
    end
end

function __migplanectl_is
    contains -- (__migplanectl_verb; or true) $argv
end

complete -c migplanectl -f
for verb in list status address uri set-bandwidth plan verify check reload down release up wait-online migrations monitor help
    complete -c migplanectl -n "test -z (__migplanectl_verb)" -a $verb
end
complete -c migplanectl -n "__migplanectl_is status address uri set-bandwidth plan verify reload down release up wait-online migrations" -a "(__migplanectl_planes)"
complete -c migplanectl -n "__migplanectl_is check" -F

complete -c migplanectl -s h -l help -d "Show the help"
complete -c migplanectl -l version -d "Show the version"
complete -c migplanectl -s H -l host -x -a "(__fish_print_hostnames)" -d "The daemon of another host"
complete -c migplanectl -l no-ask-password -d "Never ask for a password"
complete -c migplanectl -l no-legend -d "No headings and no totals"
complete -c migplanectl -l no-pager -d "No pager"
complete -c migplanectl -n "__migplanectl_is '' list status uri plan verify check reload migrations monitor" -l json -x -a "pretty short off" -d "Print JSON"
complete -c migplanectl -n "__migplanectl_is '' list status" -l bits -d "Rates in bits per second"
complete -c migplanectl -n "__migplanectl_is address uri" -l force -d "Also of a plane that must not be used"
complete -c migplanectl -n "__migplanectl_is plan" -l files -d "What a reload would do"
complete -c migplanectl -n "__migplanectl_is address" -l network -x -d "The one address inside this network"
complete -c migplanectl -n "__migplanectl_is set-bandwidth" -l egress -x -d "Cap on what is sent"
complete -c migplanectl -n "__migplanectl_is set-bandwidth" -l ingress -x -d "Cap on what is received"
complete -c migplanectl -n "__migplanectl_is set-bandwidth" -l reset -d "Back to the caps of the file"
complete -c migplanectl -n "__migplanectl_is set-bandwidth" -l runtime -d "Only until the next boot"
complete -c migplanectl -n "__migplanectl_is wait-online" -l timeout -x -d "How long to wait"
complete -c migplanectl -n "__migplanectl_is wait-online" -l any -d "One usable plane is enough"
complete -c migplanectl -n "__migplanectl_is migrations" -l all -d "Also those that have ended"
complete -c migplanectl -n "__migplanectl_is release" -l all -d "All planes"
