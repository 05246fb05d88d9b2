//! What clients trip over in a Release, though it may be well-formed and well signed.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::SignedDuration;
use pkgseal_openpgp::{Examination, Verified, cleartext};
use pkgseal_repo::{
    Compression, DigestAlgorithm, Finding, Limits, Root, SafePath, Severity, codes as repo_codes,
    read_file,
};

use super::by_hash;
use super::discover;
use super::release::Release;
use super::root::Names;
use super::tree::KIND;
use crate::{Error, Result, codes};

/// What apt reads at most, in bytes (`Acquire::MaxReleaseFileSize`).
const CAP: u64 = 10_000_000;

/// From so many bytes on, growth is worth a thought.
const LARGE: usize = 8_000_000;

/// A longer validity is none: who replays an old state has that long.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Lines of armor, in bytes, at most (RFC 4880, 6.3; RFC 9580 says 76).
const ARMOR_LINE: usize = 64;

/// Names what clients trip over in a repository's Releases, or in one that `path` names:
/// a Release or an InRelease. Verifies no signature, and reads none of the indices.
///
/// # Errors
/// [`Error::Repo`] when something cannot be read, or the path is neither.
pub fn lint(path: &Path, limits: &Limits) -> Result<Examination> {
    if path.is_dir() {
        return tree(path, limits);
    }
    let subject = path.display().to_string();
    let mut examination = Examination::new("release", subject.clone());
    let bytes = read_file(path, CAP.saturating_mul(2))?;
    let findings = &mut examination.report.findings;
    let text = match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if name.ends_with("InRelease") => inline(&bytes, &subject, findings),
        Some(name) if name.ends_with("Release") => Some(bytes),
        _ => {
            let source = std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                "it is called neither Release nor InRelease",
            );
            return Err(Error::read(path, source));
        }
    };
    if let Some(text) = text {
        read(text, &subject, limits, findings);
    }
    examination.report.sort();
    Ok(examination)
}

/// Every suite of a repository, and by-hash too.
fn tree(path: &Path, limits: &Limits) -> Result<Examination> {
    let root = Root::open(path)?;
    let mut examination = Examination::new(KIND, path.display().to_string());
    let suites = discover::suites(&root, &mut examination)?;
    if suites.is_empty() {
        let none = discover::none(&examination.subject);
        examination.report.push(none);
    }
    let findings = &mut examination.report.findings;
    for directory in suites {
        let names = Names::within(directory.as_ref())?;
        let get = |name: &SafePath| root.read(name, CAP.saturating_mul(2));
        let inrelease = get(&names.inrelease)?;
        let signed = inrelease.and_then(|bytes| inline(&bytes, names.inrelease.as_str(), findings));
        let text = match get(&names.release)? {
            Some(text) => Some((names.release.as_str(), text)),
            None => signed.map(|text| (names.inrelease.as_str(), text)),
        };
        let Some((subject, text)) = text else {
            continue;
        };
        if let Some(release) = read(text, subject, limits, findings) {
            unreachable_by_hash(&root, directory.as_ref(), &release, subject, findings);
        }
    }
    examination.report.sort();
    Ok(examination)
}

/// What a clearsigned file says, and what is odd about how it is signed.
fn inline(message: &[u8], subject: &str, findings: &mut Vec<Finding>) -> Option<Vec<u8>> {
    findings.extend(armor(message, subject));
    match cleartext::split(message) {
        Ok(split) => Some(split.text),
        Err(mut finding) => {
            finding.subject = subject.to_owned();
            findings.push(finding);
            None
        }
    }
}

/// Parses and lints a text that nobody vouches for.
fn read(
    text: Vec<u8>,
    subject: &str,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Option<Release> {
    findings.extend(of_text(&text, subject));
    match Release::parse(Verified::danger_unverified(text), subject, limits) {
        Ok(release) => {
            let release = release.into_inner();
            findings.extend(release.warnings.clone());
            findings.extend(of_release(&release, subject));
            Some(release)
        }
        Err(finding) => {
            findings.push(*finding);
            None
        }
    }
}

/// How the signatures of an InRelease are wrapped.
fn armor(message: &[u8], subject: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut blocks = 0_u32;
    let mut inside = false;
    let mut longest = 0;
    for line in message.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line == b"-----BEGIN PGP SIGNATURE-----" {
            blocks = blocks.saturating_add(1);
            inside = true;
        } else if line == b"-----END PGP SIGNATURE-----" {
            inside = false;
        } else if inside && !line.contains(&b':') {
            longest = longest.max(line.len());
        }
    }
    if blocks > 1 {
        let detail = format!("{blocks} blocks of signatures");
        findings.push(
            Finding::warning(codes::LINT_ARMOR_BLOCKS, subject, detail)
                .because("debootstrap stops at the end of the first")
                .hint("sign with all keys at once: pkgseal sign --key OLD --key NEW"),
        );
    }
    if longest > ARMOR_LINE {
        let detail = format!("a line of {longest} characters in a signature block");
        findings.push(
            Finding::warning(codes::LINT_ARMOR_LINE, subject, detail)
                .because("older readers take 64")
                .hint("sign anew: pkgseal sign --key KEY Release"),
        );
    }
    findings
}

/// What is odd in the bytes, before they are read as fields.
fn of_text(text: &[u8], subject: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if text.len() as u64 > CAP {
        let detail = format!("{} bytes; apt reads no more than {CAP}", text.len());
        findings.push(
            Finding::reject(repo_codes::LIMIT, subject, detail)
                .because("apt's Acquire::MaxReleaseFileSize")
                .hint("list fewer digests or variants of each index"),
        );
    } else if text.len() > LARGE {
        let detail = format!("{} bytes; apt reads no more than {CAP}", text.len());
        findings.push(
            Finding::warning(codes::LINT_SIZE, subject, detail)
                .because("apt's Acquire::MaxReleaseFileSize")
                .hint("list fewer digests or variants of each index"),
        );
    }
    let lines = || text.split(|&byte| byte == b'\n').zip(1_u64..);
    if let Some((_, number)) =
        lines().find(|(line, _)| line.ends_with(b" ") || line.ends_with(b"\t"))
    {
        let detail = format!("line {number} ends in a blank");
        findings.push(
            Finding::warning(codes::LINT_BLANKS, subject, detail)
                .because("signers and readers of clearsigned text differ on such blanks")
                .hint("remove blanks at the ends of lines"),
        );
    }
    if let Some((_, number)) = lines().find(|(line, _)| line.starts_with(b"-")) {
        let detail = format!("line {number} begins with a dash");
        findings.push(
            Finding::warning(codes::LINT_DASH, subject, detail)
                .because("in an InRelease it is escaped, which debootstrap does not undo")
                .hint("begin no field with a dash"),
        );
    }
    if text.last().is_some_and(|last| *last != b'\n') {
        let detail = "its last line has no end";
        findings.push(
            Finding::note(codes::LINT_NO_END, subject, detail).hint("end the file with a newline"),
        );
    }
    findings
}

/// What whoever signs a Release should hear: all but notes, which are for those who ask.
pub(super) fn worth_saying(release: &Release, subject: &str) -> Vec<Finding> {
    let mut findings = of_release(release, subject);
    findings.retain(|finding| finding.severity > Severity::Note);
    findings
}

/// What is odd in what it says.
fn of_release(release: &Release, subject: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    dates(release, subject, &mut findings);
    signed_by(release, subject, &mut findings);
    lists(release, subject, &mut findings);
    scope(release, subject, &mut findings);
    if let Some(value) = release.field("Acquire-By-Hash")
        && !matches!(value, "yes" | "no")
    {
        let detail = format!("Acquire-By-Hash: {value}, where only yes is a yes");
        findings.push(
            Finding::warning(codes::LINT_BY_HASH, subject, detail)
                .hint("write Acquire-By-Hash: yes"),
        );
    }
    if release.field("ButAutomaticUpgrades") == Some("yes")
        && release.field("NotAutomatic") != Some("yes")
    {
        let detail = "ButAutomaticUpgrades without NotAutomatic";
        findings.push(
            Finding::warning(codes::LINT_AUTOMATIC, subject, detail)
                .because("apt looks at it only beside NotAutomatic: yes")
                .hint("add NotAutomatic: yes, or remove both"),
        );
    }
    for (first, second, what) in [
        ("Suite", "Codename", "suite"),
        ("Origin", "Label", "origin"),
    ] {
        if release.field(first).is_none() && release.field(second).is_none() {
            let detail = format!("neither {first} nor {second}");
            findings.push(
                Finding::note(codes::LINT_NAMELESS, subject, detail)
                    .because(format!(
                        "nobody can pin by its {what}, or notice another one"
                    ))
                    .hint(format!("add {first}")),
            );
        }
    }
    findings
}

fn dates(release: &Release, subject: &str, findings: &mut Vec<Finding>) {
    match release.valid_until {
        None => findings.push(
            Finding::note(codes::LINT_ENDLESS, subject, "it has no Valid-Until")
                .because("clients cannot tell a mirror that stands still from a current one")
                .hint("add one, and renew it: pkgseal apt refresh --valid-for 14d"),
        ),
        Some(until) => {
            let span = until.duration_since(release.date);
            if span > LONGEST {
                let detail = format!("valid until {until}, {} days", span.as_hours() / 24);
                findings.push(
                    Finding::warning(codes::LINT_FAR_END, subject, detail)
                        .because("so long an old state of it can be replayed")
                        .hint("renew it more often: pkgseal apt refresh --valid-for 14d"),
                );
            }
            if span.is_negative() {
                let detail = format!("valid until {until}, before its own date {}", release.date);
                findings.push(
                    Finding::reject(codes::RELEASE_EXPIRED, subject, detail)
                        .because("its field Valid-Until"),
                );
            }
        }
    }
    for field in ["Date", "Valid-Until"] {
        if let Some(value) = release.field(field)
            && !value.ends_with(" UTC")
        {
            let detail = format!("{field}: {value}");
            findings.push(
                Finding::note(codes::LINT_ZONE, subject, detail)
                    .because("archives write UTC; some readers know nothing else")
                    .hint("end it with UTC"),
            );
        }
    }
}

fn signed_by(release: &Release, subject: &str, findings: &mut Vec<Finding>) {
    let Some(value) = release.field("Signed-By") else {
        return;
    };
    if release.valid_until.is_none() {
        let detail = "Signed-By without Valid-Until";
        findings.push(
            Finding::warning(codes::LINT_SIGNED_BY, subject, detail)
                .because("apt heeds Signed-By only in a Release that expires")
                .hint("add Valid-Until"),
        );
    }
    let words = value.split([',', ' ', '\t', '\n']);
    for word in words.filter(|word| !word.is_empty()) {
        let bare = word.strip_suffix('!').unwrap_or(word);
        let hexadecimal = bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (hexadecimal, bare.len()) {
            (true, 40) => {}
            (true, 64) => findings.push(
                Finding::reject(
                    codes::LINT_FINGERPRINT,
                    subject,
                    format!("Signed-By {word}"),
                )
                .because("apt takes no fingerprint of a version 6 key")
                .hint("name a version 4 certificate, and sign with both"),
            ),
            _ => findings.push(
                Finding::reject(
                    codes::LINT_FINGERPRINT,
                    subject,
                    format!("Signed-By {word}"),
                )
                .because("in a Release apt takes full fingerprints only")
                .hint("list them with: pkgseal keyring list KEYRING"),
            ),
        }
    }
}

fn lists(release: &Release, subject: &str, findings: &mut Vec<Finding>) {
    let lacks = |algorithm| {
        let mut files = release.files.iter();
        files.find(|(_, listed)| listed.digests.get(algorithm).is_none())
    };
    if let Some((path, _)) = lacks(DigestAlgorithm::Sha256) {
        let detail = format!("no SHA256 of {path}");
        findings.push(
            Finding::warning(codes::LINT_SHA256, subject, detail)
                .because("debootstrap and older clients know nothing stronger")
                .hint("list SHA256, whatever else is listed"),
        );
    }
    let uneven = [
        DigestAlgorithm::Md5,
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha512,
    ];
    for algorithm in uneven {
        let with = release
            .files
            .values()
            .any(|l| l.digests.get(algorithm).is_some());
        if let (true, Some((path, _))) = (with, lacks(algorithm)) {
            let detail = format!("other files have a {algorithm}, and {path} has none");
            findings.push(
                Finding::warning(codes::LINT_UNEVEN, subject, detail)
                    .because("a hash list that leaves files out was made of other indices")
                    .hint("make the Release anew"),
            );
        }
    }
}

/// Components and architectures, held against the indices that are listed.
fn scope(release: &Release, subject: &str, findings: &mut Vec<Finding>) {
    let words = |field: &str| -> BTreeSet<&str> {
        let value = release.field(field).unwrap_or_default();
        value.split_ascii_whitespace().collect()
    };
    let (components, architectures) = (words("Components"), words("Architectures"));
    let mut listed: BTreeSet<(String, String)> = BTreeSet::new();
    for path in release.files.keys() {
        let stem = path
            .as_str()
            .strip_suffix(Compression::from_name(path.as_str()).suffix());
        let folder = stem.and_then(|stem| stem.strip_suffix("/Packages"));
        if let Some((component, folder)) = folder.and_then(|folder| folder.rsplit_once('/'))
            && let Some(architecture) = folder.strip_prefix("binary-")
            && !component.ends_with("debian-installer")
        {
            listed.insert((component.to_owned(), architecture.to_owned()));
        }
    }
    if listed.is_empty() {
        // A flat repository, or one of sources.
        return;
    }
    let warn = |code, detail: String, cause: &str, hint: &str| {
        Finding::warning(code, subject, detail)
            .because(cause)
            .hint(hint)
    };
    for field in ["Components", "Architectures"] {
        if words(field).is_empty() {
            findings.push(warn(
                codes::LINT_SCOPE,
                format!("it has no {field}"),
                "mirrors and clients go by it",
                "name what the indices are of",
            ));
        }
    }
    // apt knows a component by what stands after its last slash, too.
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let known: BTreeSet<String> = components.iter().map(|name| last(name)).collect();
    let has: BTreeSet<String> = listed
        .iter()
        .map(|(component, _)| last(component))
        .collect();
    for component in has.difference(&known).filter(|_| !components.is_empty()) {
        findings.push(warn(
            codes::LINT_SCOPE,
            format!("indices of {component} are listed, and Components does not name it"),
            "clients warn of a misspelt component, and mirrors leave it out",
            "name it in Components",
        ));
    }
    for component in known.difference(&has) {
        findings.push(warn(
            codes::LINT_SCOPE,
            format!("Components names {component}, and no Packages of it is listed"),
            "clients ask for it and find nothing",
            "remove it, or list an index, which may be empty",
        ));
    }
    let of: BTreeSet<&str> = listed.iter().map(|(_, arch)| arch.as_str()).collect();
    for architecture in of
        .difference(&architectures)
        .filter(|_| !architectures.is_empty())
    {
        findings.push(warn(
            codes::LINT_SCOPE,
            format!("indices of {architecture} are listed, and Architectures does not name it"),
            "clients never ask for them",
            "name it in Architectures",
        ));
    }
    let support = release.field("No-Support-for-Architecture-all");
    if support.is_some_and(|value| value != "Packages") {
        findings.push(warn(
            codes::LINT_ALL,
            format!(
                "No-Support-for-Architecture-all: {}",
                support.unwrap_or_default()
            ),
            "its only value is Packages",
            "write Packages, or remove it",
        ));
    }
    if architectures.contains("all") && !of.contains("all") {
        findings.push(warn(
            codes::LINT_ALL,
            "Architectures names all, and no binary-all/Packages is listed".to_owned(),
            "clients take it that packages for all stand in an index of their own",
            "list binary-all/Packages, or leave all out of Architectures",
        ));
    }
}

/// Announced by-hash that clients will not find: by the strongest digest, the one they
/// ask for.
fn unreachable_by_hash(
    root: &Root,
    directory: Option<&SafePath>,
    release: &Release,
    subject: &str,
    findings: &mut Vec<Finding>,
) {
    if !release.by_hash() {
        return;
    }
    for (path, listed) in &release.files {
        let full = directory.map_or_else(|| path.clone(), |directory| directory.join(path));
        let there = |path: &SafePath| root.exists(path).unwrap_or(false);
        let Some(object) = by_hash::path(&full, listed) else {
            continue;
        };
        if there(&full) && !there(&object) {
            let detail = format!("Acquire-By-Hash: yes, and there is no {object}");
            findings.push(
                Finding::warning(codes::LINT_BY_HASH, subject, detail)
                    .because("clients ask for the strongest digest that is listed, first")
                    .hint("publish it with pkgseal, which makes them"),
            );
            // One says it all.
            return;
        }
    }
}
