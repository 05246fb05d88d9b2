//! Answers as debsig-verify 0.28 gives them: words and exit codes.

use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Profile};
use pkgseal_repo::{Limits, Severity};

use super::judge::{Decision, Dialect, Setting, Wanted};
use super::store::Policies;
use crate::package::open;
use crate::{Result, codes};

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// With `--debug`.
    Debug,
    /// With `--verbose`.
    Verbose,
    /// Unless `--quiet`.
    Info,
    /// Always, as it is why the exit status is not 0.
    Error,
    /// Always, as it was asked for.
    Always,
}

/// A line of output, without `debsig: ` in front. Raw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How loud it is.
    pub level: Level,
    /// What it says.
    pub text: String,
}

/// What the program would say.
#[derive(Clone, Debug)]
pub struct Answer {
    /// 0 good, 10 no origin signature, 11 unknown origin, 12 no policy, 13 failed, 14 not
    /// a package that can be read.
    pub status: u8,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Everything found.
    pub examination: Examination,
}

/// Answers as `debsig-verify FILE` does, or as `debsig-verify --list-policies FILE` where
/// `list` asks for no more than which policies apply.
///
/// # Errors
/// When the package, a folder or a file in it cannot be read: 14 to a caller of the
/// program.
pub fn debsig_verify(
    path: &Path,
    policies: &Policies,
    list: List,
    profile: &Profile,
    now: Timestamp,
    limits: &Limits,
) -> Result<Answer> {
    let file = open(path)?;
    let setting = Setting {
        policies,
        profile,
        now,
        limits,
        dialect: Dialect::Program,
    };
    let wanted = match list {
        List::Verify => Wanted::Verdict,
        List::Policies => Wanted::List,
    };
    let judged = setting.judge(&file, path, wanted)?;
    let (decision, examination) = (judged.decision, judged.examination);
    let mut lines = Lines::default();
    let name = path.display();
    match list {
        List::Policies => lines.push(Level::Always, "Listing usable policies"),
        List::Verify => lines.push(Level::Verbose, format!("Starting verification for: {name}")),
    }
    for finding in &examination.report.findings {
        let words = format!(
            "  {}: {} [{}]",
            finding.subject, finding.detail, finding.code
        );
        let level = match finding.severity {
            Severity::Reject | Severity::Undecided => Level::Verbose,
            Severity::Warning | Severity::Note => Level::Debug,
        };
        lines.push(level, words);
        if let Some(cause) = &finding.cause {
            lines.push(level, format!("    by: {cause}"));
        }
    }
    let status = lines.decide(&decision, list, &examination, &name.to_string());
    Ok(Answer {
        status,
        lines: lines.0,
        examination,
    })
}

/// Whether to verify, or to list the policies that apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Verify.
    Verify,
    /// List.
    Policies,
}

#[derive(Default)]
struct Lines(Vec<Line>);

impl Lines {
    fn push(&mut self, level: Level, text: impl Into<String>) {
        let text = text.into();
        self.0.push(Line { level, text });
    }

    /// The lines and the exit status of a decision.
    fn decide(
        &mut self,
        decision: &Decision,
        list: List,
        examination: &Examination,
        name: &str,
    ) -> u8 {
        use Level::{Always, Error, Info, Verbose};
        match decision {
            Decision::Structure if is_no_package(examination) => {
                let words = format!("{name} does not appear to be a deb format package");
                self.push(Error, words);
                14
            }
            Decision::Structure => {
                self.push(Error, format!("Failed verification for {name}."));
                13
            }
            Decision::Unsigned => {
                let words = "Origin Signature check failed. This deb might not be signed.\n";
                self.push(Error, words);
                10
            }
            Decision::UnknownOrigin { issuer } => {
                let words = format!("Could not find Origin directory for {issuer}\n");
                self.push(Error, words);
                11
            }
            Decision::NoPolicy { folder } => {
                self.folder(&folder.display().to_string(), list);
                self.push(Error, "No applicable policy found.");
                12
            }
            Decision::Usable { folder, files } => {
                self.folder(&folder.display().to_string(), list);
                for file in files {
                    self.push(Always, format!("    Usable: {file}"));
                }
                0
            }
            Decision::Failed { folder, file } => {
                self.folder(&folder.display().to_string(), list);
                let policy = folder.join(file);
                self.push(Verbose, format!("Using policy file: {}", policy.display()));
                self.push(Verbose, "    Verification group failed checks.");
                self.push(Error, format!("Failed verification for {name}."));
                13
            }
            Decision::Passed {
                folder,
                file,
                name,
                description,
            } => {
                self.folder(&folder.display().to_string(), list);
                let policy = folder.join(file);
                self.push(Verbose, format!("Using policy file: {}", policy.display()));
                let words = "    Verification group(s) passed, deb is validated.";
                self.push(Verbose, words);
                let words = format!("Verified package from '{description}' ({name})");
                self.push(Info, words);
                0
            }
        }
    }

    fn folder(&mut self, folder: &str, list: List) {
        self.push(Level::Verbose, format!("Using policy directory: {folder}"));
        if list == List::Policies {
            self.push(Level::Always, format!("  Policies in: {folder}"));
        }
    }
}

/// Whether the file is nothing that the program could read as a package.
fn is_no_package(examination: &Examination) -> bool {
    let nothing = [
        codes::DEB_NOT_ARCHIVE,
        codes::DEB_TRUNCATED,
        codes::DEB_MISSING,
    ];
    let findings = &examination.report.findings;
    findings
        .iter()
        .any(|finding| nothing.contains(&finding.code))
}
