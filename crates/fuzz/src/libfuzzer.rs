//! libFuzzer over one target: `PKGSEAL_FUZZ_TARGET` names it.
#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<&pkgseal_fuzz::Target> = LazyLock::new(|| {
    pkgseal_fuzz::target(&std::env::var("PKGSEAL_FUZZ_TARGET").unwrap_or_default())
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.run)(data));
