#!/usr/bin/env bash
# ./kit demo: a lesson's server and three clients on loopback, shown by wsdump, live where this user
# may capture; then the bundled captures. On a terminal with screens, elsewhere a few lines of each;
# ends by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=build/release
shown=12 # lines of each
temporary=$(mktemp -d)
interactive=
[[ -t 0 && -t 1 ]] && interactive=yes

# Everything that was started here is stopped here.
stop() {
  trap - EXIT
  jobs -p | xargs -r kill 2>/dev/null || true
  wait
  rm -rf "$temporary"
}
trap stop EXIT
trap 'exit 130' INT TERM

# title FILE NOTE
title() {
  printf '\n── %s ──\n%s\n\n' "$1" "$(fold -s -w 78 <<<"$2")"
}

# first_lines MORE: a few lines of stdin, and how to see the rest.
first_lines() {
  local lines
  mapfile -t lines
  printf '%s\n' "${lines[@]:0:shown}"
  [[ ${#lines[@]} -le shown ]] || printf '    … %d more: %s\n' $((${#lines[@]} - shown)) "$1"
}

# The server picks a port and says which.
start_server() {
  "$programs"/lessons/03_threads/threads --ping-ms 700 >"$temporary/server" 2>/dev/null &
  until port=$(sed -n 's/^listening on 127.0.0.1://p' "$temporary/server") && [[ $port ]]; do
    kill -0 $! 2>/dev/null || return 1
    sleep 0.05
  done
}

# One round of the clients; what they say and hear is kept, too.
talk() {
  "$programs"/bin/wslab play lessons/demo.case --port "$port" --seed "${1:-1}" \
    --capture "$temporary/clients.pcapng" >/dev/null 2>&1 || true
}

# Round after round, for a minute at most.
keep_talking() {
  for round in {1..60}; do
    talk "$round"
    sleep 1
  done
}

live_on_screens() {
  title "live on lo, port $port" "A chat of three clients with lesson 03's server, again each \
second. Enter opens what is selected, F follows, ? lists the keys, q leaves."
  read -r -p "Enter: watch it " _ </dev/tty
  keep_talking &
  "$programs"/bin/wsdump -q -i lo tcp port "$port" </dev/tty || return 1
  kill $! 2>/dev/null || true
}

live_as_text() {
  "$programs"/bin/wsdump --text -l -i lo tcp port "$port" >"$temporary/live" 2>/dev/null &
  local wsdump=$!
  for round in {1..8}; do # it takes a moment before it captures
    [[ -s $temporary/live ]] && break
    kill -0 $wsdump 2>/dev/null || return 1
    talk "$round"
    sleep 0.3
  done
  kill -INT $wsdump 2>/dev/null || return 1
  wait $wsdump || true
  [[ -s $temporary/live ]] || return 1
  title "live on lo, port $port" "Three clients and lesson 03's server, as wsdump captured them."
  first_lines "sudo ./kit wsdump -i lo, while a server runs" <"$temporary/live"
}

# What nobody was allowed to capture, the clients have kept themselves.
recorded() {
  talk
  title "a server and its clients" "Three clients and lesson 03's server. This user may not \
capture, so this is what the clients kept (live: sudo ./kit demo)."
  if [[ $interactive ]]; then
    read -r -p "Enter: look at it on screens (q leaves them) " _ </dev/tty
    "$programs"/bin/wsdump -q -r "$temporary/clients.pcapng" </dev/tty
  else
    "$programs"/bin/wsdump --text -r "$temporary/clients.pcapng" 2>/dev/null |
      first_lines "./kit wsdump -i lo, as root, while a server runs"
  fi
}

# The captures in the order of their README, with what it says of each.
bundled() {
  local capture note answer
  while IFS='|' read -r _ capture _ note _; do
    capture=captures/${capture//[\` ]/}
    title "$capture" "${note# }"
    "$programs"/bin/wsdump --text --max-data 40 -r "$capture" 2>&1 |
      first_lines "./kit wsdump -r $capture"
    if [[ $interactive ]]; then
      read -r -p "Enter: look at it on screens (q leaves them), n: next capture, q: quit " answer \
        </dev/tty
      [[ $answer != q ]] || return 0
      [[ $answer == n ]] || "$programs"/bin/wsdump -q -r "$capture" </dev/tty
    fi
  done < <(grep '^| `' captures/README.md)
}

echo "Real traffic, as wsdump shows it. The columns are: time, connection, who sent it, what,"
echo "how many bytes, and the payload. Times are local."
start_server
if [[ $interactive ]]; then
  live_on_screens || recorded
else
  live_as_text || recorded
fi
bundled
printf '\nNow try:  ./kit wsdump -r captures/fragments.pcapng\n'
printf 'or learn: lessons/README.md\n'
