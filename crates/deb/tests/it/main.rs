//! Packages and repositories, judged beside the programs everyone uses.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail loudly and tell what they skip"
)]

mod agreement;
mod built_by_peers;
mod cases;
mod common;
mod debian;
mod detached;
mod dpkg_sig;
mod inspect;
mod lint;
mod make;
mod mirror;
mod package;
mod package_peers;
mod policy;
mod program_peer;
mod publish;
mod refresh;
mod release;
mod release_peers;
mod roles;
mod tamper;
mod tree;
mod trouble;
mod upload;
mod upload_crash;
mod upload_peers;
