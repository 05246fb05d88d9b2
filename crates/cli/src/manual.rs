//! The manual: a page a command from the same definitions as `--help`, the table of
//! finding codes, the JSON document, and keys that are no files.

use anyhow::Result;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use pkgseal_repo::Code;

use crate::args::Arguments;

const JSON_PAGE: &str = include_str!("manual/pkgseal-json.5");
const SIGNER_PAGE: &str = include_str!("manual/pkgseal-signer.7");

/// Every finding code of every crate, sorted.
pub(crate) fn codes() -> Vec<Code> {
    let mut codes: Vec<Code> = [
        pkgseal_repo::codes::ALL,
        pkgseal_openpgp::CODES,
        pkgseal_keyring::CODES,
        pkgseal_deb::CODES,
        pkgseal_rpm::codes::ALL,
        pkgseal_maven::codes::ALL,
    ]
    .concat();
    codes.sort();
    codes
}

/// File names and texts of all pages.
pub(crate) fn pages() -> Result<Vec<(String, Vec<u8>)>> {
    let mut pages = Vec::new();
    let mut root = Arguments::command().disable_help_subcommand(true);
    root.build();
    command_pages(&root, &mut pages)?;
    pages.push((
        "pkgseal-findings.7".to_owned(),
        findings_page().into_bytes(),
    ));
    pages.push(("pkgseal-json.5".to_owned(), JSON_PAGE.as_bytes().to_vec()));
    pages.push((
        "pkgseal-signer.7".to_owned(),
        SIGNER_PAGE.as_bytes().to_vec(),
    ));
    pages.sort();
    Ok(pages)
}

fn command_pages(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned();
    let mut text = Vec::new();
    // No date: the page changes only when the command does.
    Man::new(command.clone())
        .title(name.to_uppercase())
        .date("")
        .source("pkgseal")
        .manual("pkgseal manual")
        .render(&mut text)?;
    pages.push((format!("{name}.1"), text));
    for subcommand in command.get_subcommands() {
        command_pages(subcommand, pages)?;
    }
    Ok(())
}

fn findings_page() -> String {
    let mut page = String::from(
        ".TH PKGSEAL-FINDINGS 7 \"\" pkgseal \"pkgseal manual\"\n\
         .SH NAME\n\
         pkgseal\\-findings \\- what verdicts are made of\n\
         .SH DESCRIPTION\n\
         Every finding of \\fBpkgseal\\fR carries a code. Codes are the same in text, in JSON\n\
         and here, and do not change. A finding rejects, leaves undecided, warns or notes.\n\
         .SH CODES\n",
    );
    for code in codes() {
        page.push_str(&format!(
            ".TP\n\\fB{}\\fR\n{}.\n",
            roff(code.id),
            roff(code.meaning)
        ));
    }
    page.push_str(".SH SEE ALSO\n\\fBpkgseal\\fR(1), \\fBpkgseal-json\\fR(5)\n");
    page
}

fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}
