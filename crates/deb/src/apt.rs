//! apt repositories: from InRelease down to the last package.
//!
//! What [`verify_tree_with`] finds wrong with a mirror, each put into a mirror and asked for
//! by a test (`tests/it/mirror.rs`), which also asks that nothing else is found:
//!
//! | fault | code | in |
//! |---|---|---|
//! | corrupt file: its size, another content | `file.digest-mismatch` | the file |
//! | truncated file, or another one under its name | `file.size-mismatch` | the file |
//! | missing package | `file.missing` | the package |
//! | a directory, pipe or device in its place | `file.not-regular` | the file |
//! | a link that leads out of the mirror | `path.unsafe` | the link |
//! | stale index under a new Release, or a new one under an old Release | `apt.index.other-generation` | the index |
//! | no variant of an index | `apt.index.missing` | the index |
//! | a variant that decompresses to another text, or a bomb | `apt.index.content-mismatch` | the variant |
//! | a variant that does not decompress | `apt.index.compression` | the variant |
//! | InRelease, Release, Release.gpg of different publications | `apt.release.mixed-generations` | the odd one |
//! | InRelease and Release of different texts | `apt.release.texts-differ` | Release |
//! | past its Valid-Until, or what is asked for | `apt.release.expired` | InRelease |
//! | dated in the future | `apt.release.not-yet-valid` | InRelease |
//! | older than asked for | `apt.release.too-old` | InRelease |
//! | another suite in its place | `apt.release.identity`, where one is expected | InRelease |
//! | unsigned; signed by someone else; changed | `apt.release.unsigned`, `signature.*` | the file |
//! | text around the signed part | `cleartext.malformed` | InRelease |
//! | index not under its strongest digest | `apt.by-hash.missing` | the object |
//! | an object that is not what its name says | `apt.by-hash.content` | the object |
//! | patches that lead to another index | `apt.pdiff.current` | its Index |
//! | a missing patch (a warning: clients fetch the index) | `apt.pdiff.patch-absent` | its Index |
//! | a control file that differs from its stanza, a .dsc from its | `apt.package.other-fields`, `apt.source.other-fields` | the package |
//! | a suite, component or architecture asked for that is not there | `apt.tree.suite-missing`, `apt.tree.part-missing` | the mirror |
//!
//! Notes say what is no fault: files nothing lists (`file.surplus`, their bytes summed in
//! `apt.pool.surplus`), objects of older generations, and listed files that are not there,
//! told apart as other variants of what is (`apt.index.variant-absent`), folders left out
//! (`apt.index.not-mirrored`), and files on offer only (`apt.index.advertised`).
//!
//! Rollback, and two texts under one date, need memory of earlier runs, which this has not.

mod absent;
mod by_hash;
pub mod client;
mod compare;
mod date;
mod discover;
mod family;
mod freshness;
mod index;
mod lint;
mod make;
mod paragraph;
mod pattern;
mod pdiff;
mod plan;
mod policy;
mod pool;
mod publish;
mod refresh;
mod release;
mod request;
mod root;
mod sign;
pub mod sources;
mod stored;
mod sums;
mod tree;

pub use crate::listed::Listed;
pub use discover::recognise;
pub use freshness::Freshness;
pub use lint::lint;
pub use make::{
    AllPackages, Automatic, ByHash, Draft, Drafted, IndexOptions, ListOptions, ReleaseFields,
    Reuse, Unchanged, index, list,
};
pub use pattern::Pattern;
pub use policy::parse_policy;
pub use publish::{Generation, Lock, PublishOptions, publish};
pub use refresh::{DraftedSuite, RefreshDraft, RefreshOptions, draft_refresh, refresh};
pub use release::Release;
pub use request::{Expectation, Level, Scope, TreeRequest};
pub use root::verify_release;
pub use sign::{sign_release, sign_tree};
pub use tree::{verify_tree, verify_tree_with};
