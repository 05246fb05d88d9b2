//! Verification vectors: `testdata/vectors/<format>/<case>/`, each with the verdict it
//! must get.
//!
//! `case.toml` begins with `expect`: `accepted`, `undecided`, or `rejected: CODE` where
//! `CODE` is a finding that must be among the reasons.

mod artifact;
mod changes;
mod deb;
mod inrelease;
mod maven;
mod repomd;
mod rpm;
mod shared;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::build::put;
use crate::keys::{self, NOW};

/// The verdict a case must get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Exit status 0.
    Accepted,
    /// Exit status 1, and this code among the findings.
    Rejected(String),
    /// Exit status 2.
    Undecided,
}

impl Expect {
    fn parse(text: &str) -> Self {
        match text {
            "accepted" => Self::Accepted,
            "undecided" => Self::Undecided,
            other => Self::Rejected(
                other
                    .strip_prefix("rejected: ")
                    .unwrap_or_else(|| panic!("no verdict: {other}"))
                    .to_owned(),
            ),
        }
    }

    /// The command's exit status for it.
    pub fn exit_status(&self) -> i32 {
        match self {
            Self::Accepted => 0,
            Self::Rejected(_) => 1,
            Self::Undecided => 2,
        }
    }
}

impl std::fmt::Display for Expect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Rejected(code) => write!(f, "rejected: {code}"),
            Self::Undecided => f.write_str("undecided"),
        }
    }
}

/// Files of a case: path in the case's folder, content.
type Files = Vec<(String, Vec<u8>)>;

/// A case as it is made.
struct Case {
    format: &'static str,
    name: String,
    expect: Expect,
    time: &'static str,
    why: String,
    certificates: Vec<&'static str>,
    subject: String,
    object: Option<&'static str>,
    strict: bool,
    files: Files,
}

impl Case {
    /// A case judged at [`NOW`] with the certificate `good-ed25519`.
    fn new(format: &'static str, name: &str, expect: Expect, why: &str) -> Self {
        Self {
            format,
            name: name.into(),
            expect,
            time: NOW,
            why: why.into(),
            certificates: vec!["good-ed25519"],
            subject: String::new(),
            object: None,
            strict: false,
            files: Vec::new(),
        }
    }

    fn accepted(format: &'static str, name: &str, why: &str) -> Self {
        Self::new(format, name, Expect::Accepted, why)
    }

    fn rejected(format: &'static str, name: &str, code: &str, why: &str) -> Self {
        Self::new(format, name, Expect::Rejected(code.into()), why)
    }

    fn files(self, subject: &str, files: Files) -> Self {
        Self {
            subject: subject.into(),
            files,
            ..self
        }
    }

    fn time(self, time: &'static str) -> Self {
        Self { time, ..self }
    }

    fn trusting(self, certificates: &[&'static str]) -> Self {
        Self {
            certificates: certificates.into(),
            ..self
        }
    }

    fn pinned(self, object: &'static str) -> Self {
        Self {
            object: Some(object),
            ..self
        }
    }

    /// Verified with `--strict`; without, it gets another verdict.
    fn strict(self) -> Self {
        Self {
            strict: true,
            ..self
        }
    }

    fn toml(&self) -> String {
        let mut text = format!("expect = {:?}\n", self.expect.to_string());
        text.push_str(&format!("time = \"{}\"\n", keys::time(self.time)));
        text.push_str(&format!("why = {:?}\n", self.why));
        text.push_str(&format!("certificates = {:?}\n", self.certificates));
        text.push_str(&format!("subject = {:?}\n", self.subject));
        if let Some(object) = self.object {
            text.push_str(&format!("as = {object:?}\n"));
        }
        if self.strict {
            text.push_str("strict = true\n");
        }
        text
    }

    fn write(&self, vectors: &Path) {
        let folder = vectors.join(self.format).join(&self.name);
        assert!(!folder.exists(), "{} exists twice", folder.display());
        for (path, content) in &self.files {
            put(&folder, path, content);
        }
        put(&folder, "case.toml", self.toml());
    }
}

/// Writes all cases below `vectors`.
pub fn write(vectors: &Path) {
    let all = [
        inrelease::cases(),
        deb::cases(),
        rpm::cases(),
        repomd::cases(),
        artifact::cases(),
        changes::cases(),
        maven::cases(),
    ];
    for case in all.iter().flatten() {
        case.write(vectors);
    }
}

/// A committed case.
#[derive(Clone, Debug)]
pub struct Vector {
    /// `inrelease`, `deb`…
    pub format: String,
    /// The name of its folder.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The verdict it must get.
    pub expect: Expect,
    /// What the verifier calls now, RFC 3339.
    pub time: String,
    /// Why it must get that verdict.
    pub why: String,
    /// Certificates to trust.
    pub certificates: Vec<PathBuf>,
    /// File or folder to verify.
    pub subject: PathBuf,
    /// For `--as`.
    pub object: Option<String>,
    /// For `--profile`.
    pub profile: Option<String>,
    /// Whether it gets its verdict with `--strict` only.
    pub strict: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    expect: String,
    time: String,
    why: String,
    certificates: Vec<String>,
    subject: String,
    #[serde(rename = "as")]
    object: Option<String>,
    profile: Option<String>,
    #[serde(default)]
    strict: bool,
}

/// Reads every committed case, in order.
///
/// # Panics
/// When one cannot be read.
pub fn all() -> Vec<Vector> {
    let vectors = crate::testdata().join("vectors");
    let mut found = Vec::new();
    for format in folders(&vectors) {
        for folder in folders(&format) {
            found.push(read(&folder));
        }
    }
    found
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(of)
        .unwrap_or_else(|e| panic!("{}: {e}", of.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn read(folder: &Path) -> Vector {
    let text = std::fs::read_to_string(folder.join("case.toml"))
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    assert!(text.starts_with("expect = "), "{}", folder.display());
    let case: Description =
        toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    Vector {
        format: name(folder.parent().unwrap()),
        name: name(folder),
        folder: folder.into(),
        expect: Expect::parse(&case.expect),
        time: case.time,
        why: case.why,
        certificates: case
            .certificates
            .iter()
            .map(|name| keys::load(name).certificate_path())
            .collect(),
        subject: folder.join(case.subject),
        object: case.object,
        profile: case.profile,
        strict: case.strict,
    }
}
