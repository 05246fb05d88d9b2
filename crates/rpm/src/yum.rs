//! Repositories: `repomd.xml`, its signature, and the chain from there to every package.
//!
//! `repomd.xml.asc` signs `repomd.xml`, which lists the metadata files by digest; the
//! primary index among them lists the packages by digest. That chain is what vouches for
//! a package here. The packages' own signatures are another matter, judged by
//! [`package::verify`](crate::package::verify).

mod data;
mod identify;
mod primary;
mod repomd;
mod sign;
mod verify;
mod xml;

pub use primary::{Package, Primary};
pub use repomd::{Data, Repomd};
pub use sign::{sign_repomd, sign_tree};
pub use verify::{recognise, verify_repomd, verify_tree};

/// The folder of the metadata.
pub(crate) const REPODATA: &str = "repodata";

/// Path of the signed root in a repository.
pub(crate) const REPOMD: &str = "repodata/repomd.xml";
