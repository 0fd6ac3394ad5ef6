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
/usr/sbin/sshd openssh-server
ssh openssh-client
strace strace
xfs_io xfsprogs
mkfs.ext4 e2fsprogs
sshfs sshfs
pdftoppm poppler-utils
zbarimg zbar-tools
crontab cron
dovecot dovecot-imapd
gammu gammu
gammu-smsd gammu-smsd
/usr/sbin/bearerbox kannel
/usr/lib/kannel/test/fakesmsc kannel-extras
/usr/lib/dovecot/lmtp dovecot-lmtpd
postfix postfix
faketime faketime
/usr/lib/openssh/sftp-server openssh-sftp-server
END
    # What makes PDF files, and a font with Cyrillic letters.
    while read -r library package; do
        ldconfig -p | grep -q "$library" || missing+=("$package")
    done <<'END'
libpango-1.0.so.0 libpango-1.0-0
libpangoft2-1.0.so.0 libpangoft2-1.0-0
libharfbuzz-subset.so.0 libharfbuzz-subset0
END
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing+=(fonts-dejavu-core)
fi
# What Chromium recommends would take longer than itself.
browser=()
[ "${1:-}" = venv ] || command -v chromium >/dev/null || browser=(chromium)
[ ${#missing[@]} -eq 0 ] && [ ${#browser[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq "${missing[@]}" >/dev/null
    code=$?
    [ ${#browser[@]} -eq 0 ] || apt-get install -y -qq --no-install-recommends "${browser[@]}" >/dev/null ||
        echo "no ${browser[*]}: the tests of pages in a browser will be skipped" >&2
    exit $code
elif [ "${1:-}" = venv ]; then
    echo "Python's venv is missing: apt install ${missing[*]}" >&2
    exit 1
else
    echo "the tests want: ${missing[*]} ${browser[*]} (those that need it will be skipped)" >&2
fi
