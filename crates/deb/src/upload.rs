//! Uploads: .dsc, .buildinfo and .changes, and the files they bring along.
//!
//! A .changes lists what is uploaded, among it a .dsc (the source, which lists tarballs)
//! and a .buildinfo (how the packages were built, which lists them). Each is one
//! clearsigned paragraph. [`verify`] follows them from the signature down to the last
//! file by the rules of Debian's archive (dak); [`sign`] signs them as debsign does, from
//! the inside out, with nothing changed but the digests that the signatures change.
//!
//! # What verifying asks for
//! - A good signature of each document (a .buildinfo inside a signed .changes may lack
//!   one), all of them by one certificate.
//! - For a .changes, a key that is alive now and a signature no older than the profile or
//!   the caller allows. A .dsc or .buildinfo by itself is kept for years: there the day it
//!   was signed counts.
//! - Every listed file beside it, by size and every digest listed, each read once.
//! - Names, versions and architectures that agree: of the files' names with the documents'
//!   fields, of the documents with one another, of each .deb's own control file with the
//!   document that lists it.
//! - A signature of an upstream tarball (`.orig.tar.xz.asc`) where its certificate is at
//!   hand; else it is noted.
//!
//! # What it leaves open
//! Whether that signer may upload that package, whether the version is new to the archive,
//! and whether this very upload was made before: for that, every signature's facts carry
//! the digest it signs.

mod agree;
mod document;
mod edit;
mod files;
mod names;
mod sign;
mod verify;

pub use crate::listed::Listed;
pub use document::{Document, Kind};
pub use sign::{Existing, sign};
pub use verify::verify;
