//! Signatures a second on one core: our signer beside the OpenPGP library's key pair.
//!
//! `cargo run -p pkgseal-openpgp --release --example signing_speed`

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement with test keys, for a terminal"
)]

use std::time::{Duration, Instant};

use openpgp::packet::signature::SignatureBuilder;
use openpgp::parse::Parse;
use openpgp::types::{HashAlgorithm, SignatureType};
use pkgseal_openpgp::{SignatureForm, Signer};
use pkgseal_testkit::keys::{self, SIGNED, time};
use sequoia_openpgp as openpgp;

fn main() {
    println!(
        "{:<20} {:>10} {:>12} {:>7}",
        "key", "ours/s", "library's/s", "ratio"
    );
    for name in [
        "good-ed25519",
        "good-rsa2048",
        "good-rsa4096",
        "good-p256",
        "good-p384",
        "good-v6-ed25519",
        "good-mldsa65",
        "good-mldsa87",
    ] {
        let (ours, library) = (ours(name), library(name));
        println!(
            "{name:<20} {ours:>10.0} {library:>12.0} {:>7.1}",
            ours / library
        );
    }
}

fn ours(name: &str) -> f64 {
    let key = keys::load(name);
    let signer = Signer::open(key.secret(), || Ok(Vec::new()), time(SIGNED)).expect("a good key");
    rate(|number| {
        let mut context = signer.hash().expect("a hash");
        context.update(&number.to_be_bytes());
        let packet = signer.sign_hash(context, SignatureForm::Binary, time(SIGNED));
        assert!(packet.is_ok());
    })
}

fn library(name: &str) -> f64 {
    let cert = openpgp::Cert::from_bytes(keys::load(name).secret()).expect("a good key");
    let key = cert.keys().last().expect("a key").key().clone();
    let secret = key.parts_into_secret().expect("a secret key");
    let mut pair = secret.into_keypair().expect("an unprotected key");
    let digest = match name {
        "good-p384" => HashAlgorithm::SHA384,
        "good-mldsa65" | "good-mldsa87" => HashAlgorithm::SHA512,
        _ => HashAlgorithm::SHA256,
    };
    rate(|number| {
        let builder = SignatureBuilder::new(SignatureType::Binary)
            .set_hash_algo(digest)
            .pre_sign(&pair)
            .expect("a builder");
        let mut context = digest
            .context()
            .expect("a hash")
            .for_signature(pair.public().version());
        context.update(builder.prefix_salt().unwrap_or_default());
        context.update(&number.to_be_bytes());
        assert!(builder.sign_hash(&mut pair, context).is_ok());
    })
}

/// How often a second, over at least two.
fn rate(mut work: impl FnMut(u64)) -> f64 {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < Duration::from_secs(2) {
        work(count);
        count += 1;
    }
    count as f64 / start.elapsed().as_secs_f64()
}
