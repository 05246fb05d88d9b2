//! A short mutation run of every target.
//!
//! `PKGSEAL_FUZZ_SECONDS` makes it longer, `PKGSEAL_FUZZ_SEED` different.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails loudly, and says how far it came"
)]

use std::time::Duration;

use pkgseal_fuzz::{Budget, TARGETS, drive, target};

/// Without a wish, so many mutations and no longer than so many seconds.
const INPUTS: u64 = 20_000;
const SECONDS: u64 = 5;

fn short_run(name: &str) {
    let number = |variable| {
        std::env::var(variable)
            .ok()
            .map(|text| text.parse::<u64>().expect("a number"))
    };
    let seconds = number("PKGSEAL_FUZZ_SECONDS");
    let budget = Budget {
        inputs: seconds.map_or(INPUTS, |_| u64::MAX),
        time: Duration::from_secs(seconds.unwrap_or(SECONDS)),
        seed: number("PKGSEAL_FUZZ_SEED").unwrap_or(1),
    };
    match drive(target(name), budget) {
        Ok(inputs) => println!("{name}: {inputs} inputs"),
        Err(problem) => panic!("{problem}"),
    }
}

macro_rules! short_runs {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[test]
        fn $name() {
            short_run(stringify!($name));
        })*
    };
}

short_runs! {
    signature cleartext certificates profile
    deb_package release packages upload
    rpm_package rpm_header rpm_moving repomd primary metalink yum_state
    checksum sums sources trust bundle
    paths compressed
}

#[test]
fn every_target_runs() {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names, NAMES);
}
