//! The certificates a client has, in the form in which it has them.

use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::Finding;

use super::armor::from_base64;
use super::reject;
use super::rules::{AscEnd, AscLines, Forms, Garbage, Rules, Six, Take, Unreadable};
use crate::codes;

const BEGIN: &[u8] = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";

/// A key file as it lies at a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFile {
    /// Its name; clients go by the extension.
    pub name: String,
    /// Its bytes; `None` when there is no such file.
    pub content: Option<Vec<u8>>,
}

/// What `Signed-By` names or holds.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    files: Vec<KeyFile>,
    inline: Vec<Vec<u8>>,
    certificates: Vec<Certificate>,
    pins: Vec<String>,
}

impl Keys {
    /// Key files.
    pub fn files(files: Vec<KeyFile>) -> Self {
        Self {
            files,
            ..Self::default()
        }
    }

    /// An armored block inside the sources entry.
    pub fn inline(block: Vec<u8>) -> Self {
        Self {
            inline: vec![block],
            ..Self::default()
        }
    }

    /// Certificates in a form that every client reads, each in a file of its own.
    pub fn certificates(certificates: &Certificates) -> Self {
        Self {
            certificates: certificates.by_version(),
            ..Self::default()
        }
    }

    /// With these certificates too.
    #[must_use]
    pub fn with(mut self, certificates: impl IntoIterator<Item = Certificate>) -> Self {
        self.certificates.extend(certificates);
        self
    }

    /// Only these of them may have signed: fingerprints as `Signed-By` has them, each
    /// perhaps with `!`.
    #[must_use]
    pub fn only(mut self, fingerprints: Vec<String>) -> Self {
        self.pins = fingerprints;
        self
    }

    /// The fingerprints, if apt takes them as such.
    pub(super) fn pins(&self) -> Result<Vec<Pin>, Box<Finding>> {
        self.pins
            .iter()
            .map(|text| {
                Pin::parse(text).ok_or_else(|| {
                    let detail = format!("{text} is no fingerprint of 40 digits");
                    reject(codes::CLIENT_SIGNED_BY, "Signed-By", detail)
                })
            })
            .collect()
    }
}

/// A fingerprint in `Signed-By`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    /// 40 digits, in capitals.
    pub(super) fingerprint: String,
    /// Whether it ends in `!`: that very key.
    pub(super) exact: bool,
}

impl Pin {
    fn parse(text: &str) -> Option<Self> {
        let (digits, exact) = match text.strip_suffix('!') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        let fits = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self {
            fingerprint: digits.to_ascii_uppercase(),
            exact,
        })
    }
}

/// The certificates the client finds; an error where it gives up.
pub(super) fn load(
    rules: &Rules,
    keys: &Keys,
    reasons: &mut Vec<Finding>,
) -> Result<Certificates, Box<Finding>> {
    let mut found = keys.certificates.clone();
    let mut broken = false;
    for file in &keys.files {
        match read(rules, file) {
            Ok(read) => {
                broken |= read.broken;
                found.extend(read.certificates);
            }
            Err(detail) => {
                let cause = format!("client {}: keyring ({})", rules.name, rules.keyring.explain);
                if rules.keyring.unreadable == Unreadable::Fail {
                    let finding = reject(codes::CLIENT_KEY_FILE, &file.name, detail);
                    return Err(Box::new(finding.because(cause)));
                }
                let note = Finding::note(codes::CLIENT_KEY_FILE, &file.name, detail);
                reasons.push(note.because(cause));
            }
        }
    }
    for block in &keys.inline {
        if rules.keyring.inline == Take::Reject {
            let detail = "it takes no certificate inside a sources entry";
            let cause = format!("client {}: keyring.inline = \"reject\"", rules.name);
            let finding = reject(codes::CLIENT_SIGNED_BY, "Signed-By", detail);
            return Err(Box::new(finding.because(cause)));
        }
        let bytes = dearmored(block, AscLines::Trimmed, rules.keyring.asc_end).unwrap_or_default();
        let (certificates, errors) = Certificate::parse_all(&bytes);
        broken |= !errors.is_empty();
        found.extend(certificates);
    }
    let six = found.iter().position(|one| one.version() > 4);
    if rules.keyring.v6 != Six::Accept && (six.is_some() || broken) {
        let what = if broken {
            "something in its keyring is no certificate, and hides the others"
        } else {
            "a version 6 certificate in its keyring hides those behind it, and the one before"
        };
        let note = Finding::note(codes::CLIENT_KEY_FILE, "Signed-By", what);
        let cause = format!("client {}: keyring ({})", rules.name, rules.keyring.explain);
        reasons.push(note.because(cause));
        // gpgv gives up in the middle of the certificate it was reading.
        let read = six.filter(|_| !broken).unwrap_or_default();
        found.truncate(read.saturating_sub(1));
    }
    Ok(Certificates::new(found))
}

/// What a file gave.
struct Read {
    certificates: Vec<Certificate>,
    /// Whether there was something in it that is no certificate.
    broken: bool,
}

fn read(rules: &Rules, file: &KeyFile) -> Result<Read, String> {
    let Some(content) = &file.content else {
        return Err("there is no such key file".to_owned());
    };
    let nothing = Read {
        certificates: Vec::new(),
        broken: false,
    };
    if content.is_empty() {
        return Ok(nothing);
    }
    let bytes = match rules.keyring.forms {
        Forms::ByName => by_name(rules, file, content)?,
        Forms::Any => any(rules, content)?,
    };
    let (certificates, errors) = Certificate::parse_all(&bytes);
    let error = errors
        .first()
        .map(|error| error.reason.clone())
        .or_else(|| (!packets_only(&bytes)).then(|| "something in it is no packet".to_owned()));
    match error {
        Some(error) if rules.keyring.unreadable == Unreadable::Fail => {
            Err(format!("it cannot be read: {error}"))
        }
        error => Ok(Read {
            certificates,
            broken: error.is_some(),
        }),
    }
}

/// Whether it is packets (RFC 9580, 4.2) to the last byte.
fn packets_only(mut bytes: &[u8]) -> bool {
    while let Some((first, rest)) = bytes.split_first() {
        let length = match (first & 0xc0, rest) {
            (0xc0, [length @ 0..192, rest @ ..]) => Some((usize::from(*length), rest)),
            (0xc0, [high @ 192..224, low, rest @ ..]) => {
                let length = (usize::from(*high) - 192) * 256 + usize::from(*low) + 192;
                Some((length, rest))
            }
            (0xc0, [255, a, b, c, d, rest @ ..]) => {
                Some((u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest))
            }
            (0x80, _) => match (first & 3, rest) {
                (0, [length, rest @ ..]) => Some((usize::from(*length), rest)),
                (1, [a, b, rest @ ..]) => Some((usize::from(u16::from_be_bytes([*a, *b])), rest)),
                (2, [a, b, c, d, rest @ ..]) => {
                    Some((u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest))
                }
                _ => None,
            },
            _ => None,
        };
        match length.and_then(|(length, rest)| rest.get(length..)) {
            Some(rest) => bytes = rest,
            None => return false,
        }
    }
    true
}

/// By the extension, as apt prepares a keyring for gpgv.
fn by_name(rules: &Rules, file: &KeyFile, content: &[u8]) -> Result<Vec<u8>, String> {
    let extension = file.name.rsplit_once('.').map(|(_, extension)| extension);
    let armored = match extension {
        Some("asc") => true,
        Some("gpg") => false,
        _ => content.starts_with(BEGIN),
    };
    if armored {
        return dearmored(content, rules.keyring.asc_lines, rules.keyring.asc_end)
            .ok_or_else(|| "no armored certificate is found in it".to_owned());
    }
    match content.first() {
        Some(0x98 | 0x99 | 0xc6) => Ok(content.to_vec()),
        _ => Err("it begins with neither 0x98, 0x99 nor 0xc6, so it is ignored".to_owned()),
    }
}

/// By content, as sqv does.
fn any(rules: &Rules, content: &[u8]) -> Result<Vec<u8>, String> {
    if content.first().is_some_and(|first| first & 0x80 != 0) {
        return Ok(content.to_vec());
    }
    dearmored(content, rules.keyring.asc_lines, rules.keyring.asc_end)
        .or_else(|| {
            // A secret key holds its certificate.
            let text = String::from_utf8_lossy(content);
            let public = text.replace("PGP PRIVATE KEY BLOCK", "PGP PUBLIC KEY BLOCK");
            dearmored(
                public.as_bytes(),
                rules.keyring.asc_lines,
                rules.keyring.asc_end,
            )
        })
        .ok_or_else(|| "it is neither binary nor armored".to_owned())
}

/// The certificates of all armored blocks in a file; `None` without any.
fn dearmored(content: &[u8], lines: AscLines, end: AscEnd) -> Option<Vec<u8>> {
    #[derive(PartialEq)]
    enum State {
        Outside,
        Headers,
        Body,
    }
    let mut state = State::Outside;
    let mut bytes = Vec::new();
    let mut base64 = Vec::new();
    for line in content.split(|byte| *byte == b'\n') {
        let line = match lines {
            AscLines::Exact => line,
            AscLines::Trimmed => line.trim_ascii(),
        };
        if line.starts_with(BEGIN) {
            state = State::Headers;
        } else if line.is_empty() && state == State::Headers {
            state = State::Body;
        } else if line.starts_with(b"-----END") {
            bytes.extend(from_base64(&base64, Garbage::Ignore)?);
            base64.clear();
            state = State::Outside;
        } else if state == State::Headers
            && lines == AscLines::Trimmed
            && !line.windows(2).any(|two| two == b": ")
        {
            // Trimming readers take a body without the empty line before it.
            state = State::Body;
            base64.extend_from_slice(line);
        } else if state == State::Body && !line.starts_with(b"=") && !line.starts_with(b"-") {
            base64.extend_from_slice(line);
        }
    }
    if state != State::Outside {
        if end == AscEnd::Needed {
            return None;
        }
        bytes.extend(from_base64(&base64, Garbage::Ignore)?);
    }
    (!bytes.is_empty()).then_some(bytes)
}
