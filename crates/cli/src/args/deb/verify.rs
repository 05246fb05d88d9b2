//! `pkgseal deb verify`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

/// Verify .deb packages by the signatures they carry
///
/// Does what `pkgseal verify` does with a .deb. With --policies-dir or --keyrings-dir a
/// package is held to the policies of its origin instead, as debsig-verify does, with
/// certificates from the policies' keyrings and no others. With --debsig-verify the command answers in
/// debsig-verify's words and exits with its codes: 0 good, 10 no origin signature, 11
/// unknown origin, 12 no policy applies, 13 failed, 14 not to be read.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct DebVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) policy: PolicyPlaces,
    #[command(flatten)]
    pub(crate) program: DebsigVerify,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Packages
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<PathBuf>,
}

/// Where the policies of debsig-verify stand.
#[derive(Args, Debug)]
pub(crate) struct PolicyPlaces {
    /// Hold packages to the policies in this directory (/etc/debsig/policies)
    #[arg(long, value_name = "DIR")]
    pub(crate) policies_dir: Option<PathBuf>,
    /// Take the policies' keyrings from this directory (/usr/share/debsig/keyrings)
    #[arg(long, value_name = "DIR")]
    pub(crate) keyrings_dir: Option<PathBuf>,
    /// Use the policy file of this name and no other
    #[arg(long, value_name = "NAME")]
    pub(crate) use_policy: Option<String>,
}

impl PolicyPlaces {
    /// Whether packages are held to policies.
    pub(crate) fn are_named(&self) -> bool {
        self.policies_dir.is_some() || self.keyrings_dir.is_some() || self.use_policy.is_some()
    }
}

/// Options of debsig-verify.
#[derive(Args, Debug)]
pub(crate) struct DebsigVerify {
    /// Answer in debsig-verify's words and with its exit codes
    #[arg(long, conflicts_with_all = ["json", "signers", "threshold", "jobs"])]
    pub(crate) debsig_verify: bool,
    /// Print nothing but fatal errors
    #[arg(short, long, requires = "debsig_verify")]
    pub(crate) quiet: bool,
    /// Print every step
    #[arg(short, long, requires = "debsig_verify")]
    pub(crate) verbose: bool,
    /// Print every step and what was found on the way
    #[arg(short, long, requires = "debsig_verify")]
    pub(crate) debug: bool,
    /// List the policies that apply and verify nothing
    #[arg(long, requires = "debsig_verify")]
    pub(crate) list_policies: bool,
    /// Look for policies and keyrings below this root directory
    #[arg(long, value_name = "DIR", requires = "debsig_verify")]
    pub(crate) root: Option<PathBuf>,
}
