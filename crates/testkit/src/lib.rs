//! Fixture builders, tampering and peer oracles for pkgseal's tests. Never published.
//!
//! - [`keys`]: named test keys, good and broken, and signatures that pkgseal's own signer
//!   refuses to make.
//! - [`peers`]: the programs pkgseal is judged by (gpgv, apt, rpm, dnf…), each in a
//!   private home.
//! - [`agreement`]: what we say of generated cases beside what others say of them.
//! - [`http`]: a server of files that remembers what clients asked for.
//!
//! Everything here is deterministic: fixed times around 2025, fixed salts. Functions
//! panic when they fail, because a test that cannot set itself up has failed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail loudly, and nothing here reads untrusted input"
)]

pub mod agreement;
pub mod build;
pub mod generate;
pub mod http;
pub mod keys;
pub mod peers;
pub mod tamper;
pub mod vectors;

/// The committed `testdata/` folder.
pub fn testdata() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata")
        .components()
        .fold(std::path::PathBuf::new(), |path, part| match part {
            std::path::Component::ParentDir => path.parent().map(Into::into).unwrap_or_default(),
            part => path.join(part),
        })
}
