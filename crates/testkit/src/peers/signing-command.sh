#!/bin/bash
# An external command that signs with `openssl pkeyutl`: pkgseal's protocol, one line asked,
# one line answered, until there is nothing left to ask. The key stands beside it.
# Each process adds a line to `count` beside it. MOOD is one of
#
#   late | mute | endless | garbage | twice | other-digest | wrong | raw-der | short
#   | refuse | fail | fail-after | die-after-N
set -euo pipefail
folder=$(dirname "$0")
key=$folder/key.pem
echo "$$" >>"$folder/count"
echo "signing with $(basename "$key")" >&2
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$request"; }
signed=0
while read -r request; do
    digest=$(field digest) hash=$(field hash) algorithm=$(field algorithm)
    work=$(mktemp -d)
    printf "$(sed 's/../\\x&/g' <<<"$digest")" >"$work/digest"
    case "${MOOD:-}" in
    other-digest | wrong) printf '%*s' "$(stat -c %s "$work/digest")" '' >"$work/digest" ;;
    late) exec sleep 600 ;;
    mute) exit 0 ;;
    endless) exec tr '\0' a </dev/zero ;;
    garbage) echo 'signature: none'; continue ;;
    refuse) echo '{"version":1,"error":"the key is disabled"}'; continue ;;
    fail) echo "no credentials found" >&2; exit 3 ;;
    die-after-*) [ "$signed" -lt "${MOOD#die-after-}" ] || exit 4 ;;
    esac
    form=raw how=(-pkeyopt "digest:${hash,,}")
    case $algorithm in
    ecdsa) form=der ;;
    ed25519) how=(-rawin) ;;
    esac
    openssl pkeyutl -sign -inkey "$key" "${how[@]}" -in "$work/digest" -out "$work/signature"
    [ "${MOOD:-}" != short ] || truncate -s -1 "$work/signature"
    [ "${MOOD:-}" != raw-der ] || form=raw
    [ "${MOOD:-}" = other-digest ] && digest=$(od -An -tx1 -v "$work/digest" | tr -d ' \n')
    echo "{\"version\":1,\"digest\":\"$digest\",\"form\":\"$form\",\"signature\":\"$(base64 -w0 "$work/signature")\"}"
    [ "${MOOD:-}" != twice ] || echo '{"version":1}'
    rm -r "$work"
    signed=$((signed + 1))
    [ "${MOOD:-}" != fail-after ] || exit 5
done
