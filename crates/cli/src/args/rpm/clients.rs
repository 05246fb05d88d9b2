//! `pkgseal rpm clients`.

use clap::Args;

/// List the clients that can be asked, or print the rules of one
///
/// A client is the rpm of one release, as data: which digests and signatures it examines,
/// what it demands, by which profile it judges signatures. Each says how its rules were
/// checked.
#[derive(Args, Debug)]
pub(crate) struct RpmClients {
    /// A client's name, or a file
    #[arg(value_name = "NAME|FILE")]
    pub(crate) name: Option<String>,
}
