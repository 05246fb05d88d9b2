//! `.repo` files (yum.conf(5), dnf.conf(5)): what users need to install from a
//! repository, with the certificates that sign it.
//!
//! A [`RepoFile`] is one entry, [`RepoFile::read`] reads a file of it and
//! [`RepoFile::text`] writes it; a [`RepoKit`] is what a publisher hands out: the entry and
//! its certificates, read back before anything is written. An entry checks signatures of
//! packages and of metadata, or it is refused.

mod kit;
mod read;

use pkgseal_repo::{Code, Finding};

pub use kit::{KeyPlace, RepoKit};

use crate::codes;

/// Characters of one value.
const LONGEST: usize = 4096;

/// One repository, as clients know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoFile {
    /// What programs call it: the section.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where it is.
    pub place: Place,
    /// Where its certificates are: URLs, at least one.
    pub keys: Vec<String>,
}

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At these URLs.
    Base(Vec<String>),
    /// A metalink names its mirrors, and repomd.xml by digest.
    Metalink(String),
    /// A list names its mirrors.
    MirrorList(String),
}

impl Place {
    fn field(&self) -> &'static str {
        match self {
            Self::Base(_) => "baseurl",
            Self::Metalink(_) => "metalink",
            Self::MirrorList(_) => "mirrorlist",
        }
    }

    fn urls(&self) -> &[String] {
        match self {
            Self::Base(urls) => urls,
            Self::Metalink(url) | Self::MirrorList(url) => std::slice::from_ref(url),
        }
    }
}

impl RepoFile {
    /// Holds every value against what clients read the same way.
    ///
    /// # Errors
    /// The first finding that rejects it (`yum.repo-file.value`).
    pub fn check(&self) -> Result<(), Box<Finding>> {
        check_id(&self.id)?;
        check_text("name", &self.title)?;
        let some = |field: &str, urls: &[String]| match urls {
            [] => Err(value(field, "", "is empty")),
            urls => urls.iter().try_for_each(|url| check_url(field, url)),
        };
        some(self.place.field(), self.place.urls())?;
        some("gpgkey", &self.keys)
    }

    /// The file, as every client reads it.
    pub fn text(&self) -> String {
        let mut text = format!("[{}]\nname={}\n", self.id, self.title);
        for (field, urls) in [
            (self.place.field(), self.place.urls()),
            ("gpgkey", &self.keys),
        ] {
            // Further values stand on lines of their own, which begin with a blank.
            text.push_str(&format!("{field}={}\n", urls.join("\n       ")));
        }
        text.push_str("enabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n");
        text
    }

    /// Reads a file of one entry, strictly: what two clients could read differently is
    /// refused.
    ///
    /// # Errors
    /// The first finding: a line that is no field, a field that is unknown or stands twice
    /// (`yum.repo-file.malformed`), signatures that are not checked
    /// (`yum.repo-file.unchecked`), a value that [`RepoFile::check`] refuses.
    pub fn read(bytes: &[u8]) -> Result<Self, Box<Finding>> {
        read::read(bytes)
    }
}

/// Letters, digits and `-_.:`, as dnf takes it; a file is called by it too.
fn check_id(id: &str) -> Result<(), Box<Finding>> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if id.is_empty() || id.len() > 128 || id.starts_with(['.', '-']) || !id.chars().all(fits) {
        let what = "is no name of a repository (letters, digits, and -_.: inside)";
        return Err(value("id", id, what));
    }
    // The section of dnf's own options.
    if id == "main" {
        return Err(value("id", id, "means the options of the client itself"));
    }
    Ok(())
}

/// One line of text for people.
fn check_text(field: &str, text: &str) -> Result<(), Box<Finding>> {
    if text.is_empty() || text.len() > LONGEST || text.trim() != text {
        return Err(value(
            field,
            text,
            "is empty, too long, or has blanks around",
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(value(field, text, "has a control character"));
    }
    // yum's parser takes what follows for a comment.
    if text.contains(" ;") || text.contains(" #") {
        return Err(value(
            field,
            text,
            "holds a mark that begins a comment for some",
        ));
    }
    Ok(())
}

/// A URL that clients fetch, and that leads nowhere else than it says.
fn check_url(field: &str, url: &str) -> Result<(), Box<Finding>> {
    if url.is_empty() || url.len() > LONGEST || !url.chars().all(|c| c.is_ascii_graphic()) {
        let what = "is empty, too long, or holds a blank or what is not ASCII";
        return Err(value(field, url, what));
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(value(field, url, "has no scheme, such as https://"));
    };
    if !["https", "http", "ftp", "file"].contains(&scheme) {
        return Err(value(field, url, "is of a kind that clients do not fetch"));
    }
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if scheme == "file" {
        if !host.is_empty() || path.is_empty() {
            return Err(value(field, url, "is no absolute path"));
        }
    } else if host.is_empty() {
        return Err(value(field, url, "has no host"));
    }
    if host.contains('@') {
        let finding = *value(field, url, "holds a user name or password, for all to read");
        return Err(Box::new(
            finding.hint("put them into username= and password= of each client"),
        ));
    }
    // Lists are parted by commas too, and braces are variables of some clients.
    if url.contains([
        ',', ';', '"', '\'', '<', '>', '\\', '^', '`', '{', '|', '}', '#', '[', ']',
    ]) {
        return Err(value(field, url, "has a character that ends it for some"));
    }
    if climbs(path) {
        return Err(value(field, url, "climbs"));
    }
    Ok(())
}

/// Whether a path leaves where it begins, written plainly or in percent signs.
fn climbs(path: &str) -> bool {
    let plain = path
        .replace("%2e", ".")
        .replace("%2E", ".")
        .replace("%2f", "/")
        .replace("%2F", "/");
    plain.split(['/', '?', '&']).any(|part| part == "..")
}

fn value(field: &str, text: &str, what: &str) -> Box<Finding> {
    let detail = if text.is_empty() {
        format!("{field} {what}")
    } else {
        format!("{field}: {text} {what}")
    };
    reject(codes::REPO_FILE_VALUE, detail)
}

fn reject(code: Code, detail: impl Into<String>) -> Box<Finding> {
    Box::new(Finding::reject(code, "", detail))
}

#[cfg(test)]
mod tests;
