#!/usr/bin/env bash
# Builds pkgseal and runs its main job on the sample repositories: a throw-away key signs an
# apt, a yum and a Maven repository; all three verify; one changed byte in each is rejected.
# usage: testdata/demo.sh [OUTPUT]   (default: target/demo; emptied first)
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
target=${CARGO_TARGET_DIR:-$top/target}
out=${1:-$target/demo}

.ci/install build-essential libclang-dev perl
cargo build --locked --release -p pkgseal
PATH=$target/release:$PATH

# Says what it runs, and runs it.
run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

rm -rf "$out"
mkdir -p "$out"
cp -R testdata/repositories/. "$out"
cd "$out"

run pkgseal key generate --user-id "TEST demonstration <demo@example.org>" --output keys
key=$(echo keys/*.key.asc)
certificate=$(echo keys/*.cert.asc)

for repository in apt yum maven; do
    run pkgseal sign --key "$key" "$repository"
    run pkgseal verify --keyring "$certificate" "$repository"
done

# Changes one bit in the middle of a file.
damage() {
    local file=$1 at byte
    at=$(($(stat -c %s "$file") / 2))
    byte=$(od -An -tu1 -j "$at" -N 1 "$file" | tr -d ' ')
    printf '\n# byte %s of %s changes\n' "$at" "$file"
    printf '%b' "\\0$(printf %o $((byte ^ 1)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
}

for repository in apt yum maven; do
    damage "$(find "$repository" -name '*.deb' -o -name '*.rpm' -o -name '*.jar' | LC_ALL=C sort | head -n 1)"
    status=0
    run pkgseal verify --keyring "$certificate" "$repository" || status=$?
    if [ "$status" != 1 ]; then
        printf '\nexpected exit status 1, got %s\n' "$status" >&2
        exit 1
    fi
done
printf '\nAll three were signed and verified; every changed byte was found. See %s\n' "$out"
