//! Detached `.asc` signatures of any file, and the Maven repository layout.
//!
//! - [`artifact`] verifies and signs one file: `lib-1.0.jar` with `lib-1.0.jar.asc`
//!   (RFC 9580, 10.4: a detached signature over the bytes as they are), and compares the
//!   `.md5`, `.sha1`, `.sha256` and `.sha512` files beside it in the same read.
//! - [`plain`] does so for a folder of such files, and for signed lists of checksums:
//!   `SHA256SUMS` and its kin, read by [`sums`].
//! - [`tree`] does so for a whole repository (`~/.m2/repository`, a mirror, a staging
//!   folder, a Gradle cache), in parallel, and looks whether names and folders agree. A
//!   [`Policy`](tree::Policy) says what becomes of unsigned files.
//! - [`trust`] reads, writes and converts files that say who may sign which coordinates.
//! - [`preflight`] says what Maven Central would reject, and writes bundles for it;
//!   [`zip`] reads them strictly.
//! - [`Coordinates`] are what a path says an artifact is.
//!
//! Maven itself verifies no signatures, and a plugin cannot vouch for itself; this runs
//! outside the build.
//!
//! A detached signature covers a file's bytes, never its name: a signed old jar under a
//! new name verifies. In a repository the signed POM is therefore compared with its path
//! (POM reference, "Maven Coordinates"); of jars nothing inside is looked at. Checksums
//! beside a file say that it arrived as it was sent, not who made it, so that a good
//! checksum never replaces a signature, while a wrong one always rejects.
//! `maven-metadata.xml`, the list of versions, is not signed on Maven Central; where it has
//! an `.asc`, that is judged as repository metadata.
//!
//! Without a trust file every certificate of the verifier counts for every coordinate.
//! What is not done here: no network, no key servers, no jar is opened.
//!
//! `CERTIFICATES.md` beside the sources shows what each profile makes of 82 certificates
//! of real publishers.

pub mod artifact;
mod checksum;
pub mod codes;
mod coordinates;
mod error;
mod examine;
mod layout;
mod make;
mod place;
pub mod plain;
mod pom;
pub mod preflight;
pub mod sums;
pub mod tree;
pub mod trust;
mod xml;
pub mod zip;

pub use checksum::{SUFFIXES as CHECKSUM_SUFFIXES, parse as parse_checksum};
pub use coordinates::{Coordinates, Selection};
pub use error::{Error, Result};
