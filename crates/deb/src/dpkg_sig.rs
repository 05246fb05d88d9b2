//! dpkg-sig: a clearsigned list of the members' digests, inside the package.
//!
//! Debian dropped the program, and many vendors' packages still carry its `_gpgbuilder`.
//! MD5 and SHA-1 alone bind the contents, so a good signature here is named and, under a
//! careful profile, never counted. What nfpm writes differs from dpkg-sig's form in four
//! ways, each with a code of its own.

use pkgseal_openpgp::Verified;
use pkgseal_repo::{Code, DigestAlgorithm, Digests, Finding};

use crate::codes;
use crate::debsig::PREFIX;
use crate::layout::{Kind, Member};

/// More members than any package has.
const MOST_LINES: usize = 16;

/// What the list says of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    name: String,
    size: u64,
    digests: Digests,
}

/// The signed list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Manifest {
    role: String,
    lines: Vec<Line>,
    /// What its writer did in its own way.
    quirks: Vec<(Code, String)>,
}

/// Compares the signed list in the member `holder` with the package's members and their
/// MD5 and SHA-1 digests. No finding that rejects: the list binds every member.
pub(crate) fn compare(
    text: &Verified<Vec<u8>>,
    holder: &str,
    object: &str,
    members: &[Member],
    digests: &[Digests],
) -> Vec<Finding> {
    let manifest = match parse(text) {
        Ok(manifest) => manifest,
        Err(what) => {
            return vec![Finding::reject(codes::DPKG_SIG_MALFORMED, object, what)];
        }
    };
    let mut findings = Vec::new();
    let numbered = holder
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_prefix(manifest.role.as_str()));
    if !numbered.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())) {
        let detail = format!("{holder} holds a signature of the role {}", manifest.role);
        findings.push(Finding::reject(codes::DPKG_SIG_MALFORMED, object, detail));
    }
    for (code, detail) in &manifest.quirks {
        findings.push(Finding::warning(*code, object, detail.clone()));
    }
    let mut rest: Vec<&Line> = manifest.lines.iter().collect();
    for (member, actual) in members.iter().zip(digests) {
        match listed(&rest, member) {
            None => {
                let detail = format!("the signed list does not name {}", member.name);
                findings.push(Finding::reject(codes::DPKG_SIG_MISMATCH, object, detail));
            }
            Some((place, quirk)) => {
                let line = rest.remove(place);
                if let Some((code, detail)) = quirk {
                    findings.push(Finding::warning(code, object, detail));
                }
                findings.extend(differs(line, member, actual, object));
            }
        }
    }
    for line in rest {
        let detail = format!(
            "the signed list names {}, which is not there or twice",
            line.name
        );
        findings.push(Finding::reject(codes::DPKG_SIG_MISMATCH, object, detail));
    }
    findings
}

/// Which line is about a member, and what is odd about its name.
fn listed(lines: &[&Line], member: &Member) -> Option<(usize, Option<(Code, String)>)> {
    let by = |name: &str| lines.iter().position(|line| line.name == name);
    if let Some(place) = by(&member.name) {
        return Some((place, None));
    }
    if let Some(place) = by(&format!("{}/", member.name)) {
        let detail = format!("the signed list names {}/", member.name);
        return Some((place, Some((codes::DPKG_SIG_SLASH, detail))));
    }
    // nfpm calls the data member so however it is compressed.
    let place = by("data.tar.gz").filter(|_| matches!(member.kind, Kind::Data(_)))?;
    let detail = format!("the signed list calls {} data.tar.gz", member.name);
    Some((place, Some((codes::DPKG_SIG_NAME, detail))))
}

fn differs(line: &Line, member: &Member, actual: &Digests, object: &str) -> Option<Finding> {
    let detail = if line.size != member.size {
        format!(
            "{} has {} bytes, and the signed list says {}",
            member.name, member.size, line.size
        )
    } else {
        let algorithm = line.digests.mismatch(actual)?;
        format!(
            "the {algorithm} digest of {} is {}, and the signed list says {}",
            member.name,
            actual.hex(algorithm).unwrap_or_default(),
            line.digests.hex(algorithm).unwrap_or_default()
        )
    };
    Some(Finding::reject(codes::DPKG_SIG_MISMATCH, object, detail))
}

fn parse(text: &Verified<Vec<u8>>) -> Result<Manifest, String> {
    let text = std::str::from_utf8(text.get()).map_err(|_| "the list is not UTF-8")?;
    let mut lines = text.lines().peekable();
    let mut manifest = Manifest::default();
    if lines
        .peek()
        .is_some_and(|first| first.starts_with("Hash: "))
    {
        let detail = "a Hash line stands inside the signed text".to_owned();
        manifest.quirks.push((codes::DPKG_SIG_HASH_LINE, detail));
        lines.next();
        if lines.next() != Some("") {
            return Err("no empty line follows the Hash line".to_owned());
        }
    }
    let mut fields: Vec<(&str, &str)> = Vec::new();
    loop {
        let line = lines.next().ok_or("the list ends before its files")?;
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| format!("{line:?} is no field"))?;
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(format!("a second field {name}"));
        }
        let value = value.trim();
        match name {
            "Version" if value != "4" => return Err(format!("version {value} of the format")),
            "Version" | "Signer" | "Date" | "Role" => fields.push((name, value)),
            "Files" if value.is_empty() => break,
            _ => return Err(format!("an unknown field {name}")),
        }
    }
    let field = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted);
    if field("Version").is_none() {
        return Err("it has no Version".to_owned());
    }
    let (_, role) = field("Role").ok_or("it has no Role")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    if role.is_empty() || !role.bytes().all(plain) {
        return Err(format!("the role {role:?}"));
    }
    manifest.role = (*role).to_owned();
    while let Some(line) = lines.next() {
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        if manifest.lines.len() == MOST_LINES {
            return Err(format!("more than {MOST_LINES} files"));
        }
        let (line, bytes) = file(line).ok_or_else(|| format!("{line:?} is no file"))?;
        let code = codes::DPKG_SIG_BYTES;
        if bytes && manifest.quirks.iter().all(|(known, _)| *known != code) {
            let detail = "digests are written as arrays of bytes".to_owned();
            manifest.quirks.push((code, detail));
        }
        manifest.lines.push(line);
    }
    Ok(manifest)
}

/// `md5 sha1 size name` after blanks, and whether the digests are arrays of bytes.
fn file(line: &str) -> Option<(Line, bool)> {
    let rest = line.trim_start_matches(['\t', ' ']);
    let (md5, rest, one) = digest(rest, DigestAlgorithm::Md5)?;
    let (sha1, rest, two) = digest(rest, DigestAlgorithm::Sha1)?;
    let (size, name) = rest.split_once(' ')?;
    let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
    let size = digits.then(|| size.parse().ok()).flatten()?;
    let plain = |byte: u8| byte.is_ascii_graphic();
    if name.is_empty() || !name.bytes().all(plain) {
        return None;
    }
    let mut digests = Digests::new();
    digests.insert(DigestAlgorithm::Md5, &md5).ok()?;
    digests.insert(DigestAlgorithm::Sha1, &sha1).ok()?;
    let name = name.to_owned();
    let line = Line {
        name,
        size,
        digests,
    };
    Some((line, one || two))
}

/// A digest in hexadecimal, or as `[212 29 140 …]`, what follows it, and whether it was
/// an array.
fn digest(text: &str, algorithm: DigestAlgorithm) -> Option<(Vec<u8>, &str, bool)> {
    if let Some(array) = text.strip_prefix('[') {
        let (numbers, rest) = array.split_once("] ")?;
        let bytes: Option<Vec<u8>> = numbers
            .split(' ')
            .map(|number| number.parse().ok())
            .collect();
        return Some((bytes?, rest, true));
    }
    let (hex, rest) = text.split_once(' ')?;
    let mut digests = Digests::new();
    digests.insert_hex(algorithm, hex).ok()?;
    Some((digests.get(algorithm)?.to_vec(), rest, false))
}

#[cfg(test)]
mod tests;
