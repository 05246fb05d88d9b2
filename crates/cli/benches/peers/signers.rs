//! The same files signed through every kind of signer: 500 small ones, alone and by many
//! threads.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use crate::Lab;
use crate::keys::Key;
use crate::lines::{Line, markdown};
use crate::measure::{copy_fresh, cost};

const FILES: usize = 500;
const JOBS: [&str; 3] = ["1", "4", "16"];

/// A way to the same key.
struct Source {
    name: &'static str,
    /// What `--key` says.
    key: OsString,
    environment: Vec<(&'static str, OsString)>,
}

/// Every way there is to this key on this machine.
fn sources(lab: &Lab, key: &Key) -> Vec<Source> {
    vec![
        Source {
            name: "key file",
            key: key.secret.clone().into(),
            environment: Vec::new(),
        },
        Source {
            name: "gpg-agent",
            key: format!("gpg-agent:{}", key.fingerprint).into(),
            environment: vec![("GNUPGHOME", lab.keys.home().into())],
        },
    ]
}

/// Measures everything and writes the table.
pub(crate) fn table(lab: &Lab) -> io::Result<String> {
    let originals = originals(lab)?;
    let folder = lab.scratch.join("signers");
    let files: Vec<PathBuf> = originals
        .iter()
        .filter_map(|path| Some(folder.join(path.file_name()?)))
        .collect();
    let load = crate::machine::load();
    let mut lines = Vec::new();
    for (key, work) in lab
        .keys
        .all
        .iter()
        .zip(["1 sign 500 files, RSA-4096", "2 sign 500 files, Ed25519"])
    {
        let fresh = || copy_fresh(&originals, &folder);
        for source in sources(lab, key) {
            for jobs in JOBS {
                let sign = || {
                    let mut sign = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
                    sign.args(["sign", "--jobs", jobs, "--key"])
                        .arg(&source.key)
                        .envs(source.environment.iter().cloned())
                        .args(&files);
                    sign
                };
                let name = format!("pkgseal, {}, --jobs {jobs}", source.name);
                lines.push(Line::new(work, name, cost(fresh, sign)?));
            }
        }
        let gpg = || {
            let mut each = Command::new("sh");
            each.args([
                "-c",
                "for file; do gpg --batch --quiet --local-user \"$KEY\" \
                              --armor --detach-sign \"$file\" || exit 1; done",
                "sh",
            ])
            .args(&files)
            .env("KEY", &key.fingerprint)
            .env("GNUPGHOME", lab.keys.home());
            each
        };
        lines.push(Line::new(
            work,
            "gpg, a process for each file",
            cost(fresh, gpg)?,
        ));
    }
    let head = format!("{FILES} files of 1 KB. Load before: {load}.");
    Ok(markdown(&head, &lines))
}

fn originals(lab: &Lab) -> io::Result<Vec<PathBuf>> {
    let folder = lab.scratch.join("signers-originals");
    std::fs::create_dir_all(&folder)?;
    (0..FILES)
        .map(|number| {
            let path = folder.join(format!("{number:03}.txt"));
            std::fs::write(&path, format!("{number:03}\n").repeat(256))?;
            Ok(path)
        })
        .collect()
}
