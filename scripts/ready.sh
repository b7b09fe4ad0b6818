#!/bin/sh
# Makes the checkout ready to run: installs what is missing, builds what is out of date. Says nothing when it is.
set -eu

cd "$(dirname "$0")/.."

fail() {
  printf '✗ %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# Runs a command without a word unless it fails; then with all it said.
quietly() {
  what=$1
  shift
  printf '%s …\n' "$what" >&2
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    rm -f "$log"
  else
    cat "$log" >&2
    rm -f "$log"
    fail "$what failed: $*"
  fi
}

is_newer() { # is_newer FILE PATH…: is any of the paths newer than the file, or the file missing?
  reference=$1
  shift
  [ ! -e "$reference" ] || [ -n "$(find "$@" -newer "$reference" ! -name '*.test.ts' -print | head -n 1)" ]
}

command -v node >/dev/null 2>&1 || fail 'node is not installed' 'fix   install Node.js 20.20 or newer: https://nodejs.org'

version=$(node -p process.versions.node)
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}
if [ "$major" -lt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -lt 20 ]; }; then
  fail "Node.js $version is too old" "fix   install Node.js 20.20 or newer: https://nodejs.org"
fi

# npm writes this file last of all.
if is_newer node_modules/.package-lock.json package-lock.json; then
  quietly 'installing' npm ci --ignore-scripts --no-audit --no-fund
fi

# tsc writes its output even where it finds errors, so what a failed build left must not pass for a finished one.
if is_newer dist/cli/main.js src tsconfig.json tsconfig.build.json scripts/after-build.mjs; then
  trap 'rm -f dist/cli/main.js' EXIT
  quietly 'building' npm run --silent build
  trap - EXIT
fi
