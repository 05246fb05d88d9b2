//! The same files signed through every kind of signer: 500 small ones, alone and by many
//! threads.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use pkgseal_testkit::keys::pkcs8;
use pkgseal_testkit::peers::signing_command::SigningCommand;
use pkgseal_testkit::peers::softhsm::{Beside, SoftHsm};

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
    more: Vec<OsString>,
}

/// Every way there is to this key on this machine.
fn sources(lab: &Lab, key: &Key, holders: &Holders) -> Vec<Source> {
    let mut sources = vec![
        Source {
            name: "key file",
            key: key.secret.clone().into(),
            environment: Vec::new(),
            more: Vec::new(),
        },
        Source {
            name: "gpg-agent",
            key: format!("gpg-agent:{}", key.fingerprint).into(),
            environment: vec![("GNUPGHOME", lab.keys.home().into())],
            more: Vec::new(),
        },
    ];
    if let Some(hsm) = &holders.hsm {
        sources.push(Source {
            name: "SoftHSM",
            key: "pkcs11:object=bench".into(),
            environment: vec![
                ("SOFTHSM2_CONF", hsm.settings().into()),
                ("PKGSEAL_PKCS11_MODULE", hsm.module().into()),
            ],
            more: vec![
                "--certificate".into(),
                key.certificate.clone().into(),
                "--passphrase-file".into(),
                hsm.pin_file().into(),
            ],
        });
    }
    if let Some(command) = &holders.command {
        sources.push(Source {
            name: "a command (bash and openssl), kept",
            key: format!(
                "command:{}",
                command.settings("mode = \"session\"").display()
            )
            .into(),
            environment: Vec::new(),
            more: vec!["--certificate".into(), key.certificate.clone().into()],
        });
    }
    sources
}

/// Who else holds a key.
struct Holders {
    hsm: Option<SoftHsm>,
    command: Option<SigningCommand>,
}

impl Holders {
    fn of(key: &Key) -> io::Result<Self> {
        let pem = pkcs8(&std::fs::read(&key.secret)?);
        let hsm = SoftHsm::new();
        if let Some(hsm) = &hsm {
            hsm.import_pkcs8(&pem, "bench", "01", Beside::Public);
        }
        Ok(Self {
            hsm,
            command: SigningCommand::of_pkcs8(&pem),
        })
    }
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
        let holders = Holders::of(key)?;
        for source in sources(lab, key, &holders) {
            for jobs in JOBS {
                let sign = || {
                    let mut sign = Command::new(env!("CARGO_BIN_EXE_pkgseal"));
                    sign.args(["sign", "--jobs", jobs, "--key"])
                        .arg(&source.key)
                        .args(&source.more)
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
