#!/usr/bin/env bash
# Builds pkgseal and runs its main job on the sample repositories beside this file: a
# throw-away key signs an apt, a yum and a Maven repository into an output folder, all three
# verify, and one changed byte in each is rejected.
# usage: testdata/demo.sh [OUTPUT]   (default: target/demo; emptied first)
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
out=$(realpath -m "${1:-$target/demo}")

.ci/install build-essential libclang-dev perl
cargo build --locked --release -p pkgseal
PATH=$target/release:$PATH

# Says what it runs, and runs it.
run() {
    local word
    printf '\n$'
    for word; do
        case $word in
            *[\ \<]*) printf ' "%s"' "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@"
}

rm -rf "$out"
mkdir -p "$out"
cd "$out"
ln -s "$top/testdata" samples

run pkgseal key generate --user-id "TEST demonstration <demo@example.org>" --output keys
key=$(echo keys/*.key.asc)
certificate=$(echo keys/*.cert.asc)

for repository in apt yum maven; do
    run pkgseal sign --key "$key" --output "$repository" "samples/$repository"
    run pkgseal verify --keyring "$certificate" "$repository"
done

# Changes one bit in the middle of a file: of a copy, as signing may have linked the sample.
damage() {
    local file=$1 at byte
    at=$(($(stat -c %s "$file") / 2))
    byte=$(od -An -tu1 -j "$at" -N 1 "$file" | tr -d ' ')
    printf '\n# byte %s of %s is changed\n' "$at" "$file"
    cp "$file" damaged
    printf '%b' "\\0$(printf %o $((byte ^ 1)))" |
        dd of=damaged bs=1 seek="$at" conv=notrunc status=none
    mv damaged "$file"
}

for repository in apt yum maven; do
    damage "$(find "$repository" -name '*.deb' -o -name '*.rpm' -o -name '*.jar' |
        LC_ALL=C sort | head -n 1)"
    status=0
    run pkgseal verify --keyring "$certificate" "$repository" || status=$?
    if [ "$status" != 1 ]; then
        printf '\nexpected exit status 1, got %s\n' "$status" >&2
        exit 1
    fi
done
printf '\nThree repositories signed and verified, three changed bytes found; see %s\n' "$out"
