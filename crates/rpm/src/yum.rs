//! Repositories: `repomd.xml`, its signature, and the chain from there to every package.
//!
//! `repomd.xml.asc` signs `repomd.xml`, which lists the metadata files by digest; the
//! primary index among them lists the packages by digest. That chain is what vouches for
//! a package here. The packages' own signatures are another matter: they are judged in
//! the same read where [`Level::Packages`] asks for it.

mod chain;
mod data;
mod freshness;
mod generation;
mod identify;
pub(crate) mod keyhint;
mod listing;
mod lists;
mod make;
mod memory;
mod metalink;
mod packages;
mod pieces;
mod primary;
mod publish;
pub mod repo_file;
mod repomd;
mod request;
mod resign;
mod rewrite;
mod sign;
mod stale;
mod tree;
mod verify;
mod xml;
mod zchunk;

pub use freshness::Freshness;
pub use generation::Generation;
pub use make::{Draft, Drafted, IndexOptions, Reuse, Unchanged, index};
pub use memory::Memory;
pub use metalink::Metalink;
pub use primary::{Package, Primary};
pub use publish::{PublishOptions, Signatures, recover};
pub use repomd::{Data, Repomd};
pub use request::{Level, TreeRequest};
pub use resign::{Packages, Placing, RepositoryOptions, sign_repository};
pub use sign::{sign_repomd, sign_tree};
pub use tree::{Verification, verify_by_metalink, verify_tree, verify_tree_with};
pub use verify::{recognise, verify_repomd};

/// The folder of the metadata.
pub(crate) const REPODATA: &str = "repodata";

/// Path of the signed root in a repository.
pub(crate) const REPOMD: &str = "repodata/repomd.xml";
