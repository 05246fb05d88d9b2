//! One function for each parser of untrusted bytes.
//!
//! [`TARGETS`] names them all. Each takes any bytes and must neither panic, nor hang, nor
//! take memory out of proportion; where there is a verdict, it must not accept, because
//! the keyring in use signed none of the [seeds](Target::seeds). [`drive`] mutates the
//! seeds on a stable toolchain, as part of the tests; with the feature `libfuzzer` the same
//! functions are libFuzzer targets.
#![expect(
    clippy::panic,
    reason = "a target panics when what it watches over is broken"
)]

mod deb;
mod drive;
mod files;
mod mutate;
mod openpgp;
mod repo;
mod rpm;
mod seeds;

pub use drive::{Budget, drive};

/// A parser under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, the same in libFuzzer.
    pub name: &'static str,
    /// Feeds it bytes.
    pub run: fn(&[u8]),
    /// Well-formed and slightly damaged inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    openpgp::SIGNATURE,
    openpgp::CLEARTEXT,
    openpgp::CERTIFICATES,
    openpgp::PROFILE,
    deb::PACKAGE,
    deb::RELEASE,
    deb::PACKAGES,
    deb::UPLOAD,
    rpm::PACKAGE,
    rpm::EDITOR,
    rpm::MOVING,
    rpm::REPOMD,
    rpm::PRIMARY,
    rpm::METALINK,
    rpm::STATE,
    files::CHECKSUM,
    files::SUMS,
    files::SOURCES,
    files::TRUST,
    files::BUNDLE,
    repo::PATHS,
    repo::COMPRESSED,
];

/// The target of that name.
///
/// # Panics
/// When there is none.
pub fn target(name: &str) -> &'static Target {
    match TARGETS.iter().find(|target| target.name == name) {
        Some(target) => target,
        None => panic!("no target {name}"),
    }
}
