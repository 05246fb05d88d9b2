//! apt repositories: from InRelease down to the last package.

mod by_hash;
pub mod client;
mod date;
mod discover;
mod family;
mod index;
mod publish;
mod release;
mod root;
mod sign;
mod tree;

pub use discover::recognise;
pub use publish::{Generation, Lock, PublishOptions, publish};
pub use release::{Listed, Release};
pub use root::verify_release;
pub use sign::{sign_release, sign_tree};
pub use tree::verify_tree;
