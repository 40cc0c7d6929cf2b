#!/usr/bin/env bash
# Install the system's packages that are missing, through apt. What for: `code`, `demo`, `test`; each adds to the one before.
. "$(dirname "$0")/progress.sh"

# package=a command that comes with it, by which it is found on machines that are no Debian
CODE=(python3=python3 python3-venv=python3)
DEMO=(mmdebstrap=mmdebstrap sip-tester=sipp espeak-ng=espeak-ng sox=sox)
TEST=(chromium=chromium postgresql=initdb baresip-core=baresip graphviz=dot nats-server=nats-server slapd=slapd
    mariadb-server-core=mariadbd) # the server alone: no service, no client, no changes of Perl

case $1 in
    code) wanted=("${CODE[@]}") ;;
    demo) wanted=("${CODE[@]}" "${DEMO[@]}") ;;
    test) wanted=("${CODE[@]}" "${DEMO[@]}" "${TEST[@]}") ;;
    *) fail "what for? code, demo or test" ;;
esac

# PostgreSQL's programs are on nobody's PATH in Debian.
found() { PATH="$PATH:/usr/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')" command -v "$1" >/dev/null; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    missing=()
    for entry in "${wanted[@]}"; do found "${entry#*=}" || missing+=("${entry#*=}"); done
    if [ "${#missing[@]}" = 0 ]; then exit 0; fi
    fail "this machine has no apt (Caruso's set-up knows Debian 12 and newer)" \
        "install these programs yourself, then run this again: ${missing[*]}"
fi

# `dpkg-query` fails when it does not know one of the names, and that is an answer too.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]%%=*}" 2>/dev/null |
    sed -n 's/^installed //p' || true)
missing=()
for entry in "${wanted[@]}"; do
    grep -qx -- "${entry%%=*}" <<<"$installed" || missing+=("${entry%%=*}")
done
if [ "${#missing[@]}" = 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "missing: ${missing[*]}" \
        "only root can install them and there is no sudo; as root: apt-get install ${missing[*]}"
    as_root=(sudo)
    # Without a terminal nobody could type a password: fail instead of waiting for one.
    if ! [ -t 0 ]; then as_root=(sudo -n); fi
    "${as_root[@]}" true || fail "missing: ${missing[*]}" \
        "sudo does not let you; as root: apt-get install ${missing[*]}"
fi

# The tests start their own PostgreSQL for a moment; a server that runs all day is not ours to set up.
cluster=/etc/postgresql-common/createcluster.d/caruso.conf
if [[ " ${missing[*]} " = *' postgresql '* ]] && ! [ -e "$cluster" ]; then
    say "PostgreSQL comes without a server that starts by itself: $cluster"
    "${as_root[@]}" mkdir -p "${cluster%/*}"
    echo 'create_main_cluster = false' | "${as_root[@]}" tee "$cluster" >/dev/null
fi

# Nor is a NATS that listens on all of the machine's addresses; it must be known before the package starts one.
if [[ " ${missing[*]} " = *' nats-server '* ]] && [ -d /run/systemd/system ]; then
    say "nats-server comes without a server that starts by itself: systemctl unmask nats-server makes it one"
    "${as_root[@]}" systemctl mask nats-server.service >/dev/null
fi

# Nor is a directory.
if [[ " ${missing[*]} " = *' slapd '* ]]; then
    echo 'slapd slapd/no_configuration boolean true' | "${as_root[@]}" debconf-set-selections
    if [ -d /run/systemd/system ]; then
        say "slapd comes without a server that starts by itself: systemctl unmask slapd makes it one"
        "${as_root[@]}" systemctl mask slapd.service >/dev/null
    fi
fi

say "installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -o DPkg::Lock::Timeout=120)
if ! [ -t 1 ]; then apt+=(-q -o Dpkg::Use-Pty=0); fi
"${apt[@]}" update || say "the lists of packages could not all be refreshed; trying with what is there"
"${apt[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null ||
    fail "apt could not install ${missing[*]}, see above"
