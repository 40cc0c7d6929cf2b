#!/usr/bin/env bash
# Have an Asterisk of version 22.10 or newer: the machine's own, or Debian testing's, unpacked beside the system.
# Unpacked means: no root, no chroot, nothing installed; it is started through its own loader (lab/asterisk.py).
. "$(dirname "$0")/progress.sh"

LEAST=22.10
home=${XDG_CACHE_HOME:-$HOME/.cache}/caruso
tree=$home/asterisk

# "22.10.1" of "Asterisk 22.10.1~dfsg+…"; nothing when it does not run
version_of() { "$@" -V 2>/dev/null | sed -n 's/^Asterisk \([0-9][0-9.]*\).*/\1/p' || true; }

recent() { [ -n "$1" ] && printf '%s\n' "$LEAST" "$1" | sort -C -V; }

unpacked() {
    local loader libraries
    loader=$(compgen -G "$1/usr/lib*/ld-linux*.so.*" | head -n 1) || return 0
    libraries=$(dirname "$(compgen -G "$1/usr/lib/*-linux-gnu*/libc.so.6" | head -n 1)")
    version_of "$loader" --library-path "$libraries" "$1/usr/sbin/asterisk"
}

own=$(PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v asterisk || true)
if [ -n "$own" ] && recent "$(version_of "$own")"; then exit 0; fi
if recent "$(unpacked "$tree")"; then exit 0; fi

command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing, and so is an Asterisk of version $LEAST or newer"

# Debian's mirrors as this machine knows them; Debian's own archive stands before those of others.
mirrors() {
    local suite
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(SITE)' 2>/dev/null |
        awk -v suite="$suite" '$1 == "Packages" && $3 == "main" && $2 !~ /security/ {
            if ($2 == suite || $2 ~ /^(stable|testing|unstable|sid)$/) print $4; }' | awk '!seen[$0]++'
}

# One at a time: two checkouts may share the cache.
mkdir -p "$home"
exec 9>"$home/asterisk.lock"
flock 9
if recent "$(unpacked "$tree")"; then exit 0; fi

fresh=$(mktemp -d "$home/asterisk.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
for mirror in $(mirrors); do
    say "unpacking Debian testing's Asterisk from $mirror"
    # A mirror may be a dated copy: its index is signed all the same, only its date has passed.
    if while_showing '/^I: (running|downloading|extracting)/ { print step ": " substr($0, 4); fflush() }' \
        mmdebstrap --mode=chrootless --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' \
        --include=asterisk,asterisk-moh-opsound-wav,asterisk-core-sounds-en-wav testing "$fresh" "$mirror"; then
        version=$(unpacked "$fresh")
        recent "$version" || fail "Debian testing's Asterisk is of version '$version', not $LEAST or newer" \
            "install Asterisk $LEAST yourself: one on the PATH is used"
        rm -rf "$tree"
        chmod 755 "$fresh"
        mv "$fresh" "$tree"
        say "Asterisk $version is in $tree"
        exit 0
    fi
    rm -rf "$fresh"
    mkdir "$fresh"
done
fail "no Debian mirror of this machine gave us Asterisk, see above" \
    "install Asterisk $LEAST or newer yourself: one on the PATH is used"
