#!/usr/bin/env bash
# Run kinds of tests one after the other, all of them whatever fails, and close with one line for each.
. "$(dirname "$0")/progress.sh"

results=build/test-results
mkdir -p "$results"
closing=()
failed=0

run() { # kind command…: show everything, keep the closing line
    local kind=$1 log="$results/$1.log" verdict=passed
    shift
    printf '\n=== %s tests\n' "$kind"
    "$@" 2>&1 | tee "$log" || { verdict=FAILED; failed=1; }
    closing+=("$(printf '%-9s %s  %s' "$kind" "$verdict" \
        "$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E 'in [0-9.]+s( \(.*\))?( =+)?$|^ *Tests +' | tail -n 1 |
            sed 's/^[ =]*//; s/[ =]*$//')")")
}

python_tests() {
    local kind=$1
    shift
    if [ -n "$(find "tests/$kind" -name 'test_*.py' -print -quit 2>/dev/null)" ]; then
        run "$kind" .venv/bin/python -m pytest "tests/$kind" --junitxml="$results/$kind.xml" "$@"
    fi
}

# Tests on real programs mostly wait, so several files run at once, each with an Asterisk or a database server of its
# own. They run in real time, and a busy machine may miss a moment: what failed is tried once more, alone; the closing line
# says so, and what fails again has failed.
real_tests() { # kind, files at once
    local kind=$1 workers=$2 before=$failed
    failed=0
    python_tests "$kind" -v -n "$workers" --dist loadfile
    if [ "$failed" = 1 ]; then
        local first=${closing[-1]}
        unset 'closing[-1]'
        failed=0
        python_tests "$kind" -v --last-failed --last-failed-no-failures none
        closing[-1]="${closing[-1]}, at the second try; first: ${first#*  }"
    fi
    if [ "$before" = 1 ]; then failed=1; fi
}

for kind in "$@"; do
    case $kind in
        # Sets of names are gone through in the same order each time: what fails from a seed fails again.
        unit) PYTHONHASHSEED=0 python_tests unit -n 2 -q ;;
        quick) PYTHONHASHSEED=0 python_tests unit -n 2 -q -m "not slow" ;;
        console)
            if [ -f agent_ui/package.json ]; then
                run console lab/setup/node.sh npm test -- --reporter=default --reporter=junit \
                    --outputFile.junit="../$results/console.xml"
            fi
            ;;
        contract | browser) real_tests "$kind" 3 ;;
        asterisk) real_tests "$kind" 5 ;; # calls last as long as they last: the processor is idle most of the time
        *) python_tests "$kind" -v ;;
    esac
done

printf '\n=== all tests\n'
printf '%s\n' "${closing[@]}"
exit "$failed"
