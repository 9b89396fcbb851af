#!/bin/sh
# masterless: sets itself up on first use, then runs.
#
#   ./demo.sh                 the live demo (the same as ./demo.sh demo)
#   ./demo.sh ARGS...         the masterless command, e.g. ./demo.sh status 127.0.0.1:7400
#   ./demo.sh test [--slow] [PYTEST ARGS...]
#
# Works from any directory. Needs Python 3.11 or newer, or uv. Everything it installs is in .venv
# beside this file; deleting .venv starts over.

set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
venv=$here/.venv
python=$venv/bin/python
lock=$here/requirements.lock

fail() {
    printf 'demo.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

say() { printf '%s\n' "$1" >&2; }

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
}

quiet_venv='import signal, venv
signal.signal(signal.SIGINT, signal.SIG_DFL)
venv.main()'

# The environment, made anew. uv first: it is quick, and can fetch a Python where there is none.
make_venv() {
    rm -rf "$venv"
    found=$(find_python)
    if [ -n "$has_uv" ] && uv venv --quiet --python "${found:->=3.11}" "$venv" 2>/dev/null; then
        return
    fi
    if [ -z "$found" ]; then
        old=$(python3 --version 2>/dev/null || echo "no Python at all")
        fail "Python 3.11 or newer is needed and this machine has $old; install it (or uv) and run me again."
    fi
    "$found" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        fail "this Python cannot make virtual environments; on Debian or Ubuntu install python3-venv, then run me again."
    # Ctrl-C ends it without a word of Python's; what is half made is made anew the next time.
    "$found" -c "$quiet_venv" "$venv" >/dev/null ||
        fail "$found could not make $venv; is the disk full or the folder read-only?"
}

# Filters an installer's chatter to one line a package; keeps the end of it for when it fails.
# The last line it reads is "exit N", and it ends with that N.
progress='
/^exit [0-9]+$/ { code = $2; next }
{ last[NR % 12] = $0 }
/^Collecting / { printf "  %s\n", $2; fflush() }
/^Installing collected/ { print "  unpacking"; fflush() }
END {
    if (code != 0) for (i = NR - 11; i < NR; i++) if (i % 12 in last) print last[i % 12]
    exit code
}'

# install SECTIONS: what the lock says, into the environment. Where uv cannot, pip may (it knows
# other places to look), for which the environment is made anew: uv's has no pip.
install() {
    if [ -n "$has_uv" ]; then
        want "$1"
        if uv pip install --python "$python" --compile-bytecode -r "$wanted" >&2; then
            return
        fi
        [ -n "$(find_python)" ] || fail "$no_luck"
        say "uv could not install the packages; trying pip ..."
        has_uv=
        make_venv
        : >"$mark"
    fi
    want "$1"
    { "$python" -m pip install --disable-pip-version-check --progress-bar off -r "$wanted" 2>&1 &&
        echo "exit 0" || echo "exit 1"; } | awk "$progress" >&2 ||
        fail "$no_luck"
}

no_luck="installing the packages failed (see above); check the network and run me again."

# want SECTIONS: writes the part of the lock that is needed.
want() {
    wanted=$venv/wanted.txt
    if [ "$1" = run ]; then
        sed '/^# --- test ---$/,$d' "$lock" >"$wanted"
    else
        cat "$lock" >"$wanted"
    fi
}

# set_up SECTIONS: does nothing when the stamp says that this lock is installed already. The mark
# says that an installation began; if it is still there, it was interrupted and we start over.
set_up() {
    stamp=$venv/masterless-$1.lock
    if [ -x "$python" ] && cmp -s "$lock" "$stamp"; then
        return
    fi
    has_uv=$(command -v uv || true)
    mark=$venv/masterless-installing
    if [ -e "$mark" ] || ! new_enough "$python" || ! has_pip; then
        say "Setting up .venv (first time only; well under a minute on a usual line) ..."
        make_venv
    else
        say "Bringing .venv up to date ..."
    fi
    : >"$mark"
    install "$1"
    "$python" -m compileall -q "$here/cluster" "$here/tui" "$here/talk" "$here/masterless.py" >/dev/null || true
    cp "$lock" "$stamp"
    if [ "$1" = test ]; then cp "$lock" "$venv/masterless-run.lock"; fi
    rm -f "$mark"
}

has_pip() { [ -n "$has_uv" ] || "$python" -m pip --version >/dev/null 2>&1; }

# step WHAT COMMAND...: says what it does, fails fast with a sentence.
step() {
    what=$1
    shift
    printf '==> %s\n' "$what"
    "$@" || fail "$what: failed; see above."
}

run_tests() {
    set_up test
    cd "$here"
    slow="not slow"
    if [ "${1:-}" = --slow ]; then
        slow="slow or not slow"
        shift
    fi
    bin=$venv/bin
    step "format (ruff)" "$bin/ruff" format --check --quiet .
    step "lint (ruff)" "$bin/ruff" check --quiet .
    step "types (basedpyright, strict)" "$bin/basedpyright"
    step "layers (import-linter)" "$bin/lint-imports" --no-cache
    printf '==> tests (pytest)\n'
    "$python" -m pytest -n 2 --dist loadgroup -m "$slow" "$@" ||
        fail "tests: failed; see above."
}

if [ "${1:-}" = test ]; then
    shift
    run_tests "$@"
else
    set_up run
    [ $# -gt 0 ] || set -- demo
    export MASTERLESS_PROG=./demo.sh
    # Python answers a Ctrl-C while it starts with a page of its own. -S starts it sooner: masterless.py
    # looks for packages itself. Where env can (GNU's), the signal is held back until its first line.
    if env --block-signal=INT true 2>/dev/null; then
        exec env --block-signal=INT "$python" -S "$here/masterless.py" "$@"
    fi
    exec "$python" -S "$here/masterless.py" "$@"
fi
