//! What the mutations start from.

use std::path::Path;
use std::sync::LazyLock;

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier};
use pkgseal_testkit::keys::{self, RawOptions, TestKey};

/// Who signs the seeds.
pub(crate) fn signer() -> TestKey {
    static SIGNER: LazyLock<TestKey> = LazyLock::new(|| keys::load("good-ed25519"));
    SIGNER.clone()
}

/// A detached signature over `data`.
pub(crate) fn signature(data: &[u8]) -> Vec<u8> {
    keys::raw_sign(&signer(), data, &RawOptions::at(keys::SIGNED))
}

/// The same without armor.
pub(crate) fn binary_signature(data: &[u8]) -> Vec<u8> {
    keys::raw_sign(&signer(), data, &RawOptions::at(keys::SIGNED).binary())
}

/// The committed vectors of a format: every file whose name ends so.
pub(crate) fn vectors(format: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = pkgseal_testkit::testdata().join("vectors").join(format);
    let mut seeds: Vec<Vec<u8>> = pkgseal_testkit::generate::read_tree(&folder)
        .into_iter()
        .filter(|(path, _)| path.ends_with(ending))
        .map(|(_, content)| content)
        .collect();
    seeds.sort();
    seeds.dedup();
    seeds
}

/// In memory where that is offered: there are millions of files.
const MEMORY: &str = "/dev/shm";

/// A folder, gone when it is dropped.
pub(crate) fn folder() -> std::io::Result<tempfile::TempDir> {
    tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir())
}

/// Calls `with` on a file of this content, whose name ends so.
pub(crate) fn with_file(ending: &str, content: &[u8], with: impl FnOnce(&Path)) {
    let mut builder = tempfile::Builder::new();
    builder.prefix("pkgseal-fuzz-").suffix(ending);
    let file = builder.tempfile_in(MEMORY).or_else(|_| builder.tempfile());
    if let Ok(file) = file
        && std::fs::write(file.path(), content).is_ok()
    {
        with(file.path());
    }
}

/// When everything is judged.
pub(crate) fn now() -> Timestamp {
    keys::time(keys::NOW)
}

/// Knows one certificate, which signed no seed (signatures by NIST keys are not committed): acceptance is always wrong.
pub(crate) fn stranger() -> &'static Verifier {
    static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| verifier("good-p384"));
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
