//! `pkgseal apt clients`.

use clap::Args;

/// List the clients that can be asked, or print the rules of one
///
/// A client is the apt of one release, as data: which program judges signatures, which
/// digests and keys it takes and until when, how it reads key files. Each says how its
/// rules were checked.
#[derive(Args, Debug)]
pub(crate) struct AptClients {
    /// A client's name, or a file
    #[arg(value_name = "NAME|FILE")]
    pub(crate) name: Option<String>,
}
