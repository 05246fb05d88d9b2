//! `pkgseal yum index`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Common, EXIT_STATUS, FormName, Moment, PublishArguments};

/// Make the metadata of a yum repository out of a folder of packages
///
/// Every .rpm beneath DIR is listed, in whatever folder; hidden names and links to
/// directories are not entered. What is written is what createrepo_c writes, in DIR/repodata:
/// repomd.xml, primary, filelists and other, named after their content. Other metadata that
/// repomd.xml lists already is kept.
///
/// Every package is read once, and again only when it was touched: what was learnt of it
/// is kept in DIR/.pkgseal. Where neither the packages nor the options changed nothing is
/// written. A package that readers could read differently, or that is damaged, stops the run,
/// and clients keep what they have. Without --key the metadata stay unsigned.
///
/// The new repodata folder is made aside, verified, and takes the place of the old one in one
/// step, so that repomd.xml and repomd.xml.asc are of one generation at every moment.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct YumIndex {
    /// Form in which primary, filelists and other stand there
    #[arg(long, value_name = "FORM", default_value = "gz")]
    pub(crate) compress: FormName,
    /// List this many entries of each changelog, the newest
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) changelog_limit: usize,
    /// Take in other metadata: updateinfo=FILE, group=FILE, modules=FILE
    ///
    /// It replaces what repomd.xml lists with that type.
    #[arg(long, value_name = "TYPE=FILE", value_parser = typed_file)]
    pub(crate) add: Vec<(String, PathBuf)>,
    /// Do not keep other metadata of this type
    #[arg(long, value_name = "TYPE")]
    pub(crate) without: Vec<String>,
    /// Read every package again, whatever is remembered of it
    #[arg(long)]
    pub(crate) rehash: bool,
    /// Give repomd.xml a new revision and sign it anew though nothing changed
    #[arg(long)]
    pub(crate) redate: bool,
    #[command(flatten)]
    pub(crate) publish: PublishArguments,
    #[command(flatten)]
    pub(crate) several: SeveralSignatures,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) common: Common,
    /// The repository
    #[arg(value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// Whether `repomd.xml.asc` may hold several signatures.
#[derive(Args, Debug)]
#[command(next_help_heading = "Signing and publishing")]
pub(crate) struct SeveralSignatures {
    /// Let every --key sign repomd.xml, in the order given
    ///
    /// Not the default: dnf on Fedora 39 and RHEL 10 and later, and microdnf there, read the
    /// first armor block of repomd.xml.asc only and want one signature in it. Each signature
    /// gets a block of its own, so that they see the first and nothing else: put the key
    /// first that they know.
    #[arg(long)]
    pub(crate) several_signatures: bool,
}

/// Reads `TYPE=FILE`.
fn typed_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((kind, file)) if !kind.is_empty() && !file.is_empty() => {
            Ok((kind.to_owned(), file.into()))
        }
        _ => Err("expected TYPE=FILE, for example updateinfo=updateinfo.xml".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::typed_file;

    #[test]
    fn types_and_files() {
        let (kind, file) = typed_file("group=a=b.xml").unwrap();
        assert_eq!((kind.as_str(), file.to_str()), ("group", Some("a=b.xml")));
        for text in ["", "group", "=x", "group="] {
            assert!(typed_file(text).is_err(), "{text}");
        }
    }
}
