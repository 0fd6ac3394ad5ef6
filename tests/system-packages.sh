#!/usr/bin/env bash
# System packages that the tests use, or with `venv` the one that an installation needs. Installed
# where we are root and apt is there; said otherwise.
set -u
missing=()
if [ "${1:-}" = venv ]; then
    missing=(python3-venv)
else
    while read -r tool package; do
        command -v "$tool" >/dev/null || missing+=("$package")
    done <<'END'
git git
strace strace
xfs_io xfsprogs
mkfs.ext4 e2fsprogs
sshfs sshfs
/usr/lib/openssh/sftp-server openssh-sftp-server
END
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
elif [ "${1:-}" = venv ]; then
    echo "Python's venv is missing: apt install ${missing[*]}" >&2
    exit 1
else
    echo "the tests want: ${missing[*]} (those that need it will be skipped)" >&2
fi
