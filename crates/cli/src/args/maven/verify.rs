//! `pkgseal maven verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{Common, EXIT_STATUS, Moment, Trust};

const AFTER: &str = "\
Profiles made for Maven: maven-legacy judges a release by the rules of its day, maven-central \
and gradle by those of Maven Central and of Gradle; show one with `pkgseal profile show`.";

/// Verify a local repository, a mirror, a CI cache or a Gradle cache
///
/// Does what `pkgseal verify` does with a Maven repository: every artifact, POM, parent,
/// plugin and .module file against its .asc and its checksums, and every POM against its
/// path. Takes a trust file that says which key may sign which coordinates.
#[derive(Args, Debug)]
#[command(after_help = format!("{AFTER}\n\n{EXIT_STATUS}"))]
pub(crate) struct MavenVerify {
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// Ask who may sign what of this file: a keysmap, Gradle's verification-metadata.xml, KEYS, checksums.sha256
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_file: Vec<PathBuf>,
    /// What becomes of files that nobody signed
    #[arg(long, value_name = "WHAT", default_value = "reject")]
    pub(crate) unsigned: UnsignedName,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// Repositories: ~/.m2/repository, a mirror, ~/.gradle/caches/modules-2
    #[arg(required = true, value_name = "DIR")]
    pub(crate) paths: Vec<PathBuf>,
}

/// What becomes of files that are not as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnsignedName {
    /// They are rejected
    Reject,
    /// They pass with a warning
    Warn,
    /// They pass and are mentioned
    Note,
}
