//! apt repositories: from InRelease down to the last package.

mod absent;
mod by_hash;
pub mod client;
mod compare;
mod date;
mod discover;
mod family;
mod freshness;
mod index;
mod make;
mod paragraph;
mod pattern;
mod pdiff;
mod plan;
mod policy;
mod pool;
mod publish;
mod release;
mod request;
mod root;
mod sign;
pub mod sources;
mod stored;
mod sums;
mod tree;

pub use discover::recognise;
pub use freshness::Freshness;
pub use make::{
    AllPackages, Automatic, ByHash, Draft, Drafted, IndexOptions, ListOptions, ReleaseFields,
    Reuse, Unchanged, index, list,
};
pub use pattern::Pattern;
pub use policy::parse_policy;
pub use publish::{Generation, Lock, PublishOptions, publish};
pub use release::{Listed, Release};
pub use request::{Expectation, Level, Scope, TreeRequest, parse_duration};
pub use root::verify_release;
pub use sign::{sign_release, sign_tree};
pub use tree::{verify_tree, verify_tree_with};
