//! What the mutations start from.

use std::sync::LazyLock;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier};
use pkgseal_testkit::keys::{self, RawOptions, TestKey};

/// Who signs the seeds.
pub(crate) fn signer() -> TestKey {
    keys::load("good-ed25519")
}

/// A detached signature over `data`.
pub(crate) fn signature(data: &[u8]) -> Vec<u8> {
    keys::raw_sign(&signer(), data, &RawOptions::at(keys::SIGNED))
}

/// The same without armor.
pub(crate) fn binary_signature(data: &[u8]) -> Vec<u8> {
    keys::raw_sign(&signer(), data, &RawOptions::at(keys::SIGNED).binary())
}

/// When everything is judged.
pub(crate) fn now() -> Timestamp {
    keys::time(keys::NOW)
}

/// Knows one certificate, which signed no seed: acceptance is always wrong.
pub(crate) fn stranger() -> &'static Verifier {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| verifier("good-ed25519-2"));
    &VERIFIER
}

/// Knows the signer of the seeds, so that the mathematics are reached.
pub(crate) fn friend() -> &'static Verifier {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| verifier("good-ed25519"));
    &VERIFIER
}

fn verifier(name: &str) -> Verifier {
    let (certificates, _) = Certificate::parse_all(keys::load(name).certificate());
    Verifier::new(Certificates::new(certificates), Profile::strict(), now())
}
