//! libFuzzer over one target: `PKGSEAL_FUZZ_TARGET` names it, and its seeds are written to the
//! folder `PKGSEAL_FUZZ_SEEDS` first.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

static TARGET: LazyLock<&pkgseal_fuzz::Target> = LazyLock::new(|| {
    pkgseal_fuzz::target(&std::env::var("PKGSEAL_FUZZ_TARGET").unwrap_or_default())
});

libfuzzer_sys::fuzz_target!(init: write_seeds(), |data: &[u8]| (TARGET.run)(data));

fn write_seeds() {
    let Some(folder) = std::env::var_os("PKGSEAL_FUZZ_SEEDS") else {
        return;
    };
    for (number, seed) in (TARGET.seeds)().iter().enumerate() {
        // Without a seed, libFuzzer only takes longer.
        let _ = std::fs::write(Path::new(&folder).join(format!("seed-{number}")), seed);
    }
}
