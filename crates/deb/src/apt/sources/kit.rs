//! What a publisher hands to its users.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{Finding, StagedFile, StagedSet};

use super::{SignedBy, Source, read_deb822, read_one_line, reject, value};
use crate::apt::client::{Client, KeyFile, Keys};
use crate::{Error, Result, codes};

/// Where clients keep key files of third parties.
const KEYRINGS: &str = "/etc/apt/keyrings";

/// How an entry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `NAME.sources`, its certificates inside: apt 2.4 and later.
    Deb822,
    /// `NAME.list`, and `NAME.gpg` for `/etc/apt/keyrings`: every apt.
    OneLine,
}

/// An entry and the certificates it needs.
#[derive(Clone, Debug)]
pub struct Kit {
    name: String,
    source: Source,
    certificates: Vec<Certificate>,
}

impl Kit {
    /// A kit. `name` is what its files are called; the `Signed-By` of `source` is made
    /// from the certificates, [in the order](Certificates::by_version) that old readers need.
    ///
    /// # Errors
    /// The first finding that rejects a value, or that there is no certificate.
    pub fn new(
        name: &str,
        source: Source,
        certificates: &Certificates,
    ) -> std::result::Result<Self, Box<Finding>> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if name.is_empty()
            || name.len() > 128
            || name.starts_with(['.', '-'])
            || !name.chars().all(fits)
        {
            let what = "is no name that apt reads a file by (letters, digits, and _.- inside)";
            return Err(value("name", name, what));
        }
        if certificates.is_empty() {
            let detail = "no certificate: users could not tell who signed";
            return Err(reject(codes::SOURCES_KEY, detail));
        }
        let kit = Self {
            name: name.to_owned(),
            source: Source {
                signed_by: SignedBy::Anyone,
                ..source
            },
            certificates: certificates.by_version(),
        };
        kit.source.check()?;
        Ok(kit)
    }

    /// The entry in a form.
    pub fn source(&self, form: Form) -> Source {
        let signed_by = match form {
            Form::Deb822 => SignedBy::Inline(self.armored()),
            Form::OneLine => SignedBy::Named {
                files: vec![format!("{KEYRINGS}/{}.gpg", self.name)],
                fingerprints: Vec::new(),
            },
        };
        Source {
            signed_by,
            ..self.source.clone()
        }
    }

    fn armored(&self) -> String {
        self.certificates
            .iter()
            .map(|certificate| String::from_utf8_lossy(&certificate.to_armored()).into_owned())
            .collect()
    }

    fn binary(&self) -> Vec<u8> {
        self.certificates
            .iter()
            .flat_map(Certificate::to_binary)
            .collect()
    }

    /// Names and bytes of its files, each read back: entry and certificates are what they
    /// were.
    ///
    /// # Errors
    /// The finding that what was read back differs: nothing that is not read alike by our
    /// own reader is handed out.
    pub fn files(&self, form: Form) -> std::result::Result<Vec<(String, Vec<u8>)>, Box<Finding>> {
        let source = self.source(form);
        source.check()?;
        let name = &self.name;
        let differs = || {
            let detail = "what was written does not read back as it was meant";
            reject(codes::SOURCES_MALFORMED, detail)
        };
        let (files, read) = match form {
            Form::Deb822 => {
                let text = source.deb822();
                let read = read_deb822(text.as_bytes())?;
                (vec![(format!("{name}.sources"), text.into_bytes())], read)
            }
            Form::OneLine => {
                let text = source.one_line().ok_or_else(differs)?;
                let keyring = self.binary();
                // The first byte is what apt tells a keyring by.
                if !matches!(keyring.first(), Some(0x98 | 0x99 | 0xc6)) {
                    return Err(differs());
                }
                let read = read_one_line(text.as_bytes())?;
                let files = vec![
                    (format!("{name}.gpg"), keyring),
                    (format!("{name}.list"), text.into_bytes()),
                ];
                (files, read)
            }
        };
        let same = match form {
            Form::Deb822 => read == [source],
            // One line for each type, URI and suite.
            Form::OneLine => {
                read.iter().all(|line| {
                    line.signed_by == source.signed_by
                        && line.components == source.components
                        && line.architectures == source.architectures
                }) && places(&read) == places(std::slice::from_ref(&source))
            }
        };
        let kept = match form {
            Form::Deb822 => Certificate::parse_all(self.armored().as_bytes()),
            Form::OneLine => Certificate::parse_all(&self.binary()),
        };
        if same && kept == (self.certificates.clone(), Vec::new()) {
            Ok(files)
        } else {
            Err(differs())
        }
    }

    /// What clients could not use of it at a moment: a form they do not read, a
    /// certificate whose signatures they do not count; and certificates that nobody needs.
    pub fn lint(&self, form: Form, clients: &[Client], now: Timestamp) -> Vec<Finding> {
        let keys = match form {
            Form::Deb822 => Keys::inline(self.armored().into_bytes()),
            Form::OneLine => Keys::files(vec![KeyFile {
                name: format!("{}.gpg", self.name),
                content: Some(self.binary()),
            }]),
        };
        let mut findings = Vec::new();
        for client in clients {
            let (found, reasons) = client.finds(&keys);
            for certificate in &self.certificates {
                let fingerprint = certificate.fingerprint();
                if found.get(&fingerprint).is_none() {
                    let why: Vec<_> = reasons.iter().map(|reason| reason.detail.clone()).collect();
                    let detail = format!("{} does not find it: {}", client.name(), why.join("; "));
                    let subject = fingerprint.to_string();
                    findings.push(Finding::warning(codes::SOURCES_KEY, subject, detail));
                } else {
                    findings.extend(client.lint(certificate, now));
                }
            }
        }
        findings
    }

    /// Writes its files into a directory: all or none.
    ///
    /// # Errors
    /// [`Error::Refused`] when they do not read back as they were meant, [`Error::Repo`]
    /// when they cannot be written.
    pub fn write(&self, form: Form, directory: &Path) -> Result<Vec<PathBuf>> {
        let files = self.files(form).map_err(|finding| Error::Refused {
            path: directory.join(&self.name),
            findings: vec![*finding],
        })?;
        let mut set = StagedSet::new();
        for (name, bytes) in files {
            let path = directory.join(name);
            let mut staged = StagedFile::create(&path)?;
            staged
                .file_mut()
                .write_all(&bytes)
                .map_err(|error| Error::write(&path, error))?;
            set.push(staged);
        }
        Ok(set.commit()?)
    }
}

/// Every type, URI and suite, in order.
fn places(sources: &[Source]) -> Vec<(&'static str, &str, &str)> {
    let mut places = Vec::new();
    for source in sources {
        for kind in &source.types {
            for uri in &source.uris {
                for suite in &source.suites {
                    places.push((kind.word(), uri.as_str(), suite.as_str()));
                }
            }
        }
    }
    places
}
