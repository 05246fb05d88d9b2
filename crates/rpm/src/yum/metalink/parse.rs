//! The XML of a metalink, read strictly.

use jiff::Timestamp;
use pkgseal_repo::{Code, DigestAlgorithm, Digests};

use super::{Content, Version};
use crate::codes;
use crate::yum::xml::{Element, read_tree};

/// MirrorManager names a handful.
const MOST_ALTERNATES: usize = 100;
/// Fedora has some hundred mirrors.
const MOST_URLS: usize = 10_000;

type Refused = (Code, String);

fn malformed(detail: impl Into<String>) -> Refused {
    (codes::METALINK, detail.into())
}

/// What a metalink says of `repomd.xml`.
pub(super) fn content(bytes: &[u8]) -> Result<Content, Refused> {
    let root = read_tree(bytes, "metalink").map_err(|fault| malformed(fault.detail))?;
    let files = one(&root, "files")?;
    let mut named = files
        .all("file")
        .filter(|file| file.attribute("name") == Some("repomd.xml"));
    let file = named
        .next()
        .ok_or_else(|| malformed("it says nothing of repomd.xml"))?;
    if named.next().is_some() {
        return Err(malformed("it speaks of repomd.xml twice"));
    }
    let current = version(file)?;
    if !current.is_strong() {
        return Err((
            codes::METALINK_WEAK,
            "repomd.xml is bound by no SHA-256 or better".to_owned(),
        ));
    }
    let alternates = match file.one("mm0:alternates").map_err(malformed)? {
        None => Vec::new(),
        Some(list) => list
            .all("mm0:alternate")
            .map(version)
            .collect::<Result<_, _>>()?,
    };
    if alternates.len() > MOST_ALTERNATES {
        return Err(malformed(format!("more than {MOST_ALTERNATES} alternates")));
    }
    let newer = |alternate: &Version| alternate.timestamp > current.timestamp;
    if current.timestamp.is_some() && alternates.iter().any(newer) {
        return Err(malformed("an alternate is newer than the file itself"));
    }
    addresses(file)?;
    Ok(Content {
        published: root.attribute("pubdate").and_then(date),
        current,
        alternates,
    })
}

fn one<'e>(parent: &'e Element, name: &str) -> Result<&'e Element, Refused> {
    parent
        .one(name)
        .map_err(malformed)?
        .ok_or_else(|| malformed(format!("no <{name}>")))
}

/// A `file` or an `mm0:alternate`.
fn version(element: &Element) -> Result<Version, Refused> {
    let number = |name: &str| -> Result<Option<u64>, Refused> {
        let Some(field) = element.one(name).map_err(malformed)? else {
            return Ok(None);
        };
        let text = field.text();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits => Ok(Some(number)),
            _ => Err(malformed(format!("<{name}> is {text:?}, not a number"))),
        }
    };
    let mut digests = Digests::new();
    for hash in one(element, "verification")?.all("hash") {
        let algorithm = match hash.attribute("type") {
            Some("md5") => DigestAlgorithm::Md5,
            Some("sha" | "sha1") => DigestAlgorithm::Sha1,
            Some("sha224") => DigestAlgorithm::Sha224,
            Some("sha256") => DigestAlgorithm::Sha256,
            Some("sha384") => DigestAlgorithm::Sha384,
            Some("sha512") => DigestAlgorithm::Sha512,
            // Not one that could vouch for anything here.
            Some(_) => continue,
            None => return Err(malformed("a <hash> without type")),
        };
        if digests.get(algorithm).is_some() {
            return Err(malformed(format!("a second {algorithm} in one place")));
        }
        digests
            .insert_hex(algorithm, hash.text())
            .map_err(malformed)?;
    }
    Ok(Version {
        timestamp: number("mm0:timestamp")?,
        size: number("size")?,
        digests,
    })
}

/// Clients fetch from these: nothing but a `repomd.xml` on a server will do.
fn addresses(file: &Element) -> Result<(), Refused> {
    let Some(resources) = file.one("resources").map_err(malformed)? else {
        return Ok(());
    };
    for (number, url) in resources.all("url").enumerate() {
        if number >= MOST_URLS {
            return Err(malformed(format!("more than {MOST_URLS} addresses")));
        }
        let text = url.text();
        let refused = |why: &str| (codes::METALINK_URL, format!("{text:?} {why}"));
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| refused("has no scheme"))?;
        if !matches!(scheme, "http" | "https" | "ftp" | "rsync") {
            return Err(refused("is on no server"));
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(refused("is no address"));
        }
        let whole = path == "repodata/repomd.xml" || path.ends_with("/repodata/repomd.xml");
        if !whole || path.split('/').any(|part| part == "..") {
            return Err(refused("is no repomd.xml in its folder repodata"));
        }
    }
    Ok(())
}

/// `Mon, 03 Mar 2025 12:00:00 GMT`; what is no date says nothing.
fn date(text: &str) -> Option<Timestamp> {
    let text = text.replace("GMT", "+0000").replace("UTC", "+0000");
    jiff::fmt::rfc2822::parse(&text)
        .ok()
        .map(|date| date.timestamp())
}
