//! Detached signatures judged a second, beside a process for each (sqv).
//!
//! `cargo run -p pkgseal-openpgp --release --example judging_speed`

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement with test keys, for a terminal"
)]

use std::time::{Duration, Instant};

use pkgseal_openpgp::{Object, Profile, Verifier};
use pkgseal_testkit::keys::{self, RawOptions};
use pkgseal_testkit::peers::sequoia;

const FILES: u16 = 300;

fn main() {
    println!(
        "{:<20} {:>12} {:>12} {:>7}",
        "key, 10 KB files", "ours/s", "sqv's/s", "ratio"
    );
    for name in [
        "good-ed25519",
        "good-rsa4096",
        "good-p256",
        "good-v6-ed25519",
        "good-mldsa65",
    ] {
        let key = keys::load(name);
        let signed: Vec<(Vec<u8>, Vec<u8>)> = (0..FILES)
            .map(|number| {
                let data = [number.to_be_bytes().to_vec(), vec![7; 10_000]].concat();
                let signature = keys::raw_sign(&key, &data, &RawOptions::at(keys::SIGNED));
                (data, signature)
            })
            .collect();
        let ours = rate(
            &signed,
            |verifier, data, signature| {
                let report = verifier
                    .detached(Object::Artifact, data, signature)
                    .expect("memory can be read");
                assert!(report.is_accepted());
            },
            name,
        );
        let keyring = key.certificate_binary();
        let few = signed.get(..30).unwrap_or_default();
        let readable = key.fingerprint().len() == 40;
        let sqv = rate(
            few,
            |_, data, signature| {
                if readable {
                    sequoia::sqv(&keyring, signature, data);
                }
            },
            name,
        );
        if readable {
            println!("{name:<20} {ours:>12.0} {sqv:>12.0} {:>7.0}", ours / sqv);
        } else {
            println!("{name:<20} {ours:>12.0} {:>12}", "-");
        }
    }
}

/// Files a second, the certificates read once.
fn rate(signed: &[(Vec<u8>, Vec<u8>)], judge: impl Fn(&Verifier, &[u8], &[u8]), name: &str) -> f64 {
    let start = Instant::now();
    let verifier = Verifier::new(
        keys::certificates(&[name]),
        Profile::strict(),
        keys::time(keys::NOW),
    );
    for (data, signature) in signed {
        judge(&verifier, data, signature);
    }
    let taken = start.elapsed().max(Duration::from_nanos(1));
    f64::from(u16::try_from(signed.len()).unwrap_or(FILES)) / taken.as_secs_f64()
}
