//! What is wrong with a key file as a file.

use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use pkgseal_repo::{Code, Finding, Severity};

use super::codes;
use crate::codes::{KEYBOX, SECRET, UNREADABLE, UNUSABLE};
use crate::open::file::{absolute, contains, lookalike, quoted};
use crate::open::{Asked, KeptFile};
use crate::{Form, open, versions};

const BEGIN: &[u8] = b"-----BEGIN PGP ";
const END: &[u8] = b"-----END PGP ";
const SECRET_BLOCK: &[u8] = b"-----BEGIN PGP PRIVATE KEY BLOCK-----";

/// Everything that is wrong with it.
pub(super) fn findings(file: &KeptFile) -> Vec<Finding> {
    let about = About {
        file,
        path: &file.path,
        subject: file.path.to_string_lossy().into_owned(),
    };
    let mut findings = Vec::new();
    match file.form {
        None => findings.push(about.no_key()),
        Some(form) => {
            findings.extend(about.damage());
            findings.extend(about.under_its_name(form));
            findings.extend(about.several());
            findings.extend(about.version_6());
        }
    }
    if let (Ok(metadata), true) = (std::fs::metadata(about.path), file.form.is_some()) {
        findings.extend(about.mode(&metadata));
    }
    findings
}

/// A symbolic link that leads nowhere, named or met on the way.
pub(super) fn dangling(path: &Path) -> Option<Finding> {
    let link = std::fs::symlink_metadata(path).ok()?.is_symlink();
    if !link || path.exists() {
        return None;
    }
    let target = std::fs::read_link(path).unwrap_or_default();
    let detail = format!(
        "a symbolic link to {}, which does not exist",
        target.display()
    );
    let command = format!("ls -l {}", quoted(path));
    Some(
        Finding::undecided(codes::DANGLING, path.to_string_lossy(), detail)
            .hint(format!("see where it leads: {command}")),
    )
}

/// A finding about the way to files, in the words of an audit.
pub(super) fn explained(finding: Finding) -> Finding {
    if finding.code != UNREADABLE {
        return finding;
    }
    dangling(Path::new(&finding.subject)).unwrap_or_else(|| Finding {
        severity: Severity::Undecided,
        hint: Some(format!("ls -l {}", quoted(Path::new(&finding.subject)))),
        ..finding
    })
}

struct About<'a> {
    file: &'a KeptFile,
    path: &'a Path,
    subject: String,
}

impl About<'_> {
    fn reject(&self, code: Code, detail: impl Into<String>) -> Finding {
        Finding::reject(code, &self.subject, detail)
    }

    fn warning(&self, code: Code, detail: impl Into<String>) -> Finding {
        Finding::warning(code, &self.subject, detail)
    }

    /// The file's name for a shell, with another extension where one is named.
    fn shell(&self, extension: Option<&str>) -> String {
        match extension {
            Some(extension) => quoted(&self.path.with_extension(extension)),
            None => quoted(self.path),
        }
    }

    /// It holds no OpenPGP data that anybody reads.
    fn no_key(&self) -> Finding {
        let content = &self.file.content;
        if open::file::is_keybox(content) {
            let keybox = quoted(&absolute(self.path));
            let command = format!(
                "gpg --no-default-keyring --keyring {keybox} --export > {}",
                self.shell(Some("gpg.new"))
            );
            return self
                .reject(KEYBOX, "a GnuPG keybox, which only gpg reads")
                .hint(command);
        }
        if content.is_empty() {
            return self.reject(codes::EMPTY, "the file is empty").hint(format!(
                "get it again, then: pkgseal keyring list {}",
                self.shell(None)
            ));
        }
        let what = lookalike(content);
        if what.is_some_and(|what| what.starts_with("a web page")) {
            return self
                .reject(codes::WEB_PAGE, "a web page: the download went wrong")
                .hint(format!(
                    "see what was sent: head -c 300 {}",
                    self.shell(None)
                ));
        }
        // Directories hold read-me files too.
        let severity = match (what, self.file.asked) {
            (None, Asked::InDirectory) => Severity::Note,
            _ => Severity::Reject,
        };
        let what = what.unwrap_or("there is no OpenPGP certificate in it");
        Finding::new(codes::OTHER_DATA, severity, &self.subject, what)
            .hint(format!("see what it is: head -c 300 {}", self.shell(None)))
    }

    /// Parts that could not be read.
    fn damage(&self) -> Vec<Finding> {
        let again = || {
            format!(
                "get it again, then: pkgseal keyring list {}",
                self.shell(None)
            )
        };
        let mut findings = Vec::new();
        if self.is_cut_off() {
            findings.push(
                self.reject(codes::TRUNCATED, "it ends in the middle of a key")
                    .hint(again()),
            );
            return findings;
        }
        for error in &self.file.errors {
            let which = match &error.fingerprint {
                Some(fingerprint) => format!("certificate {fingerprint}"),
                None => format!("part {}", error.index.saturating_add(1)),
            };
            let detail = format!("{which}: {}", error.reason);
            findings.push(self.warning(UNUSABLE, detail).hint(again()));
        }
        if self.file.certificates.is_empty() && findings.is_empty() {
            findings.push(
                self.reject(codes::OTHER_DATA, "there is no OpenPGP certificate in it")
                    .hint(again()),
            );
        }
        findings
    }

    /// An armored block without its end, base64 that stops within a group, or packets that
    /// promise more than there is.
    fn is_cut_off(&self) -> bool {
        let content = &self.file.content;
        match self.file.form {
            Some(Form::Armored | Form::Inline) => {
                count(content, BEGIN) > count(content, END)
                    || self.file.errors.iter().any(|error| {
                        error.reason.contains("unexpected EOF") || error.reason.contains("EOF")
                    })
            }
            Some(Form::Binary) => packets_are_cut_off(content),
            None => false,
        }
    }

    /// What its name promises to apt.
    fn under_its_name(&self, form: Form) -> Option<Finding> {
        let extension = self.path.extension().and_then(|end| end.to_str());
        match (extension, form) {
            (Some("gpg"), Form::Armored) => Some(
                self.warning(codes::ARMOR_IN_GPG, "armored, though named .gpg")
                    .hint(format!(
                        "mv {} {}",
                        self.shell(None),
                        self.shell(Some("asc"))
                    )),
            ),
            (Some("asc"), Form::Binary) => Some(
                self.warning(codes::BINARY_IN_ASC, "binary, though named .asc")
                    .hint(format!(
                        "mv {} {}",
                        self.shell(None),
                        self.shell(Some("gpg"))
                    )),
            ),
            (_, Form::Armored) if contains(&self.file.content, b"-----\r\n") => Some(
                self.warning(codes::CRLF, "line ends of Windows (CRLF) in the armor")
                    .hint(format!("sed -i 's/\\r$//' {}", self.shell(None))),
            ),
            _ => None,
        }
    }

    fn several(&self) -> Option<Finding> {
        let blocks = count(&self.file.content, BEGIN);
        let armored = self.file.form == Some(Form::Armored);
        (armored && blocks > 1).then(|| {
            let detail = format!("{blocks} armored blocks in one file");
            Finding::note(codes::SEVERAL_BLOCKS, &self.subject, detail).hint(format!(
                "write them without armor: pkgseal keyring merge --output {} {}",
                self.shell(Some("gpg")),
                self.shell(None)
            ))
        })
    }

    fn version_6(&self) -> Option<Finding> {
        let certificates = &self.file.certificates;
        let six = certificates.iter().find(|one| one.version() > 4)?;
        (certificates.iter().any(|one| one.version() <= 4)).then(|| {
            let before = certificates.iter().take_while(|one| one.version() <= 4);
            versions::finding(six, before.last(), &self.subject)
                .hint(versions::parting(&[self.path], self.path))
        })
    }

    fn mode(&self, metadata: &Metadata) -> Vec<Finding> {
        let mode = metadata.permissions().mode();
        let words = || format!("its mode is {:04o}", mode & 0o7777);
        let mut findings = Vec::new();
        let readable = mode & 0o004 != 0;
        if mode & 0o002 != 0 && metadata.is_file() {
            let hint = format!("chmod o-w {}", self.shell(None));
            findings.push(self.reject(codes::WRITABLE, words()).hint(hint));
        }
        if holds_secrets(self.file) {
            let hint = format!(
                "publish its certificate alone: pkgseal keyring merge --output {} {}",
                self.shell(Some("public.asc")),
                self.shell(None)
            );
            findings.push(if readable {
                let detail = format!("it holds a secret key, and {}", words());
                self.reject(codes::EXPOSED, detail)
                    .hint(format!("chmod 600 {}", self.shell(None)))
            } else {
                self.reject(SECRET, "it holds a secret key").hint(hint)
            });
        } else if !readable {
            let hint = format!("chmod a+r {}", self.shell(None));
            findings.push(self.warning(codes::MODE, words()).hint(hint));
        }
        findings
    }
}

fn count(bytes: &[u8], needle: &[u8]) -> usize {
    let mut rest = bytes;
    let mut count = 0_usize;
    while let Some(line) = rest.split_inclusive(|byte| *byte == b'\n').next() {
        count = count.saturating_add(usize::from(line.trim_ascii_start().starts_with(needle)));
        rest = rest.get(line.len()..).unwrap_or_default();
    }
    count
}

fn holds_secrets(file: &KeptFile) -> bool {
    match file.form {
        Some(Form::Armored | Form::Inline) => contains(&file.content, SECRET_BLOCK),
        Some(Form::Binary) => packets(&file.content).any(|packet| matches!(packet, Some(5 | 7))),
        None => false,
    }
}

fn packets_are_cut_off(bytes: &[u8]) -> bool {
    packets(bytes).any(|packet| packet.is_none())
}

/// The tags of packets, and `None` at the end where more was promised than there is.
fn packets(bytes: &[u8]) -> impl Iterator<Item = Option<u8>> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match pkgseal_openpgp::packet(rest) {
            Some((tag, _, after)) => {
                rest = after;
                Some(Some(tag))
            }
            None => {
                rest = &[];
                Some(None)
            }
        }
    })
}
