//! `pkgseal keyring merge`.

use clap::Args;

use super::Written;
use crate::args::EXIT_STATUS;

/// Merge keyrings: every certificate once, with the packets of all its copies
///
/// The newest self-signatures are in it, the old ones stay beside them, and a revocation
/// that any copy has is kept and said. Self-signatures that do not verify, and parts that
/// nobody bound, are left out and said. The same files in any order give the same bytes.
/// A file with nothing but revocations, as `gpg --gen-revoke` writes it, revokes what is
/// merged.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct KeyringMerge {
    #[command(flatten)]
    pub(crate) written: Written,
}
