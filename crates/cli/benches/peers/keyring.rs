//! Keyrings audited beside `gpg --show-keys`, which reads them and judges nothing.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Lab;
use crate::measure::{Cost, as_they_are, in_turns, installed};

/// About 500 files of distributions, where they are at hand.
const DISTRIBUTIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/vectors/certs/distributions"
);
/// 28 MB, mostly certifications.
const COMMUNITY: &str = "/usr/share/keyrings/debian-keyring.gpg";

/// The day that pkgseal calls today.
const NOW: &str = "2026-11-01";

/// Measures everything and writes the table.
pub(crate) fn table(lab: &Lab) -> io::Result<String> {
    let home = lab.scratch.join("keyring-gpg");
    std::fs::create_dir_all(&home)?;
    let mut text = format!(
        "Keyrings, read and asked about to every client model. Load before: {}.\n\n\
         | work | program | time | × pkgseal | CPU | × pkgseal |\n\
         |---|---|--:|--:|--:|--:|\n",
        crate::machine::load(),
    );
    for (work, path) in [
        ("distributions", Path::new(DISTRIBUTIONS)),
        ("debian-keyring", Path::new(COMMUNITY)),
    ] {
        if !path.exists() {
            let _ = writeln!(text, "| {work}: not at hand | | | | | |");
            continue;
        }
        let files = files(path)?;
        let work = format!("{work}, {} files", files.len());
        let ours = || audit(path);
        let theirs = || show_keys(&home, &files);
        let mut commands: Vec<&dyn Fn() -> Command> = vec![&ours];
        if installed("gpg") {
            commands.push(&theirs);
        }
        let costs = in_turns(as_they_are, &commands)?;
        let Some(first) = costs.first().copied() else {
            continue;
        };
        for (program, cost) in ["pkgseal keyring audit", "gpg --show-keys"]
            .iter()
            .zip(costs)
        {
            line(&mut text, &work, program, cost, first);
        }
    }
    Ok(text)
}

fn line(text: &mut String, work: &str, program: &str, cost: Cost, ours: Cost) {
    let _ = writeln!(
        text,
        "| {work} | {program} | {:.3} s | {:.2} | {:.3} s | {:.2} |",
        cost.time,
        cost.time / ours.time,
        cost.cpu,
        cost.cpu / ours.cpu,
    );
}

/// An audit that finds something exits with 1.
fn audit(path: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "\"$0\" \"$@\" > /dev/null || [ $? = 1 ]"])
        .arg(env!("CARGO_BIN_EXE_pkgseal"))
        .args(["keyring", "audit", "--time", NOW])
        .arg(path);
    command
}

/// gpg exits with 2 where a file holds something else.
fn show_keys(home: &Path, files: &[PathBuf]) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "\"$0\" \"$@\" > /dev/null 2>&1 || [ $? = 2 ]", "gpg"])
        .arg("--homedir")
        .arg(home)
        .args(["--batch", "--with-colons", "--show-keys"])
        .args(files);
    command
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        found.extend(files(&entry?.path())?);
    }
    found.sort();
    Ok(found)
}
