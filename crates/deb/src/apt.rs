//! apt repositories: from InRelease down to the last package.

mod by_hash;
mod date;
mod discover;
mod family;
mod index;
mod make;
mod publish;
mod release;
mod root;
mod sign;
mod tree;

pub use discover::recognise;
pub use make::{
    AllPackages, Automatic, ByHash, Draft, Drafted, IndexOptions, ListOptions, ReleaseFields,
    Reuse, Unchanged, index, list,
};
pub use publish::{Generation, Lock, PublishOptions, publish};
pub use release::{Listed, Release};
pub use root::verify_release;
pub use sign::{sign_release, sign_tree};
pub use tree::verify_tree;
