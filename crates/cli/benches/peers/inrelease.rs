//! A real InRelease, verified again and again: gpgv and sqv.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Lab;
use crate::keys;
use crate::measure::{as_they_are, run};
use crate::table::Row;
use crate::ways::{Way, row};

const TIMES: usize = 100;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Verify copies of the bookworm suite's InRelease.
pub(crate) fn rows(lab: &Lab) -> io::Result<Vec<Row>> {
    let Some(original) = original()? else {
        eprintln!("SKIP: apt has no InRelease of Debian; run apt-get update");
        return Ok(Vec::new());
    };
    let text = std::fs::read_to_string(&original)?;
    let date = text
        .lines()
        .find_map(|line| line.strip_prefix("Date: "))
        .ok_or_else(|| io::Error::other("the InRelease has no Date"))?;
    // The day after: the suite may be old, or the clock wrong.
    let output = Command::new("date")
        .args(["--utc", "+%Y-%m-%dT%H:%M:%SZ", "--date"])
        .arg(format!("{date} + 1 day"))
        .output()?;
    let time = String::from_utf8_lossy(&output.stdout).trim().to_owned();

    let dir = lab.scratch.join("inrelease");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    let mut files = Vec::with_capacity(TIMES);
    for number in 0..TIMES {
        let suite = dir.join(format!("{number:03}"));
        std::fs::create_dir_all(&suite)?;
        let file = suite.join("InRelease");
        std::fs::copy(&original, &file)?;
        files.push(file);
    }

    // sqv reads detached signatures only; apt splits the file for it.
    let (signed, signature) = split(&text)?;
    let (signed_file, signature_file) = (dir.join("Release"), dir.join("Release.gpg"));
    std::fs::write(&signed_file, signed)?;
    std::fs::write(&signature_file, signature)?;
    let ways = vec![
        Way::each("gpgv", &files, || {
            let mut gpgv = Command::new("gpgv");
            gpgv.args(["--keyring", KEYRING]);
            gpgv
        }),
        Way::of("sqv", "sqv, split before", || {
            (0..TIMES).try_for_each(|_| {
                run(Command::new("sqv")
                    .args(["--keyring", KEYRING])
                    .args([&signature_file, &signed_file]))
            })
        }),
    ];
    let ours = || {
        let mut verify = keys::verify(Path::new(KEYRING));
        verify.args(["--time", &time]);
        verify
    };
    let work = format!(
        "verify InRelease ({} KB)",
        text.len().checked_div(1000).unwrap_or_default()
    );
    Ok(vec![row(work, &files, as_they_are, ours, ways)?])
}

fn original() -> io::Result<Option<PathBuf>> {
    let lists = Path::new("/var/lib/apt/lists");
    if !lists.is_dir() || !Path::new(KEYRING).is_file() {
        return Ok(None);
    }
    Ok(std::fs::read_dir(lists)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            path.to_str()
                .is_some_and(|path| path.ends_with("dists_bookworm_InRelease"))
        }))
}

/// The signed text and the signature block of a plain clearsigned message.
fn split(message: &str) -> io::Result<(&str, &str)> {
    message
        .split_once("\n\n")
        .and_then(|(_, rest)| rest.split_at_checked(rest.find("\n-----BEGIN PGP SIGNATURE-----")?))
        .map(|(signed, signature)| (signed, signature.trim_start()))
        .ok_or_else(|| io::Error::other("the InRelease is not clearsigned"))
}
