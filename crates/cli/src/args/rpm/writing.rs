//! Options of every command that changes packages.

use clap::{Args, ValueEnum};

/// How a changed package gets onto the disk.
#[derive(Args, Debug)]
#[command(next_help_heading = "Writing")]
pub(crate) struct WritingArguments {
    /// Write the packages in place, or copies that take their place
    ///
    /// Either way a killed run breaks nothing, and owner, mode, access control list and other
    /// attributes stay. In place, only the first kilobytes of a package are written, and a
    /// journal beside it completes what was interrupted (pkgseal rpm recover).
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) write: HowName,
    /// What becomes of the other names of a package that has several
    #[arg(long, value_name = "WHAT", default_value = "break")]
    pub(crate) hard_links: HardLinksName,
    /// Keep the time of the last modification
    ///
    /// Programs that compare time and size (rsync, createrepo_c --update) will not see that
    /// the package has changed.
    #[arg(long)]
    pub(crate) keep_time: bool,
}

/// In place, or by a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HowName {
    /// In place where the signatures fit the reserved space, else by a copy
    Auto,
    /// In place always: where a header grows, the file system inserts blocks before the
    /// payload (ext4, xfs, f2fs)
    InPlace,
    /// By a copy always: whoever reads a package meanwhile sees the old one or the new one.
    /// File systems that can (btrfs, xfs) share the payload
    Copy,
}

/// What becomes of the other names of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HardLinksName {
    /// They keep the old package; a copy takes the name that was given
    Break,
    /// They name the new package too; it is written in place
    Follow,
    /// The package is left alone
    Refuse,
}
