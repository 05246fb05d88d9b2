//! A `.repo` file from text.

use pkgseal_repo::Finding;

use super::{Place, RepoFile, climbs, reject, value};
use crate::codes;

/// Bytes of a file read at most.
const MOST_BYTES: usize = 1 << 20;

/// Fields that say something else than where and by whom; their values are switches,
/// numbers and words.
const OTHERS: &[&str] = &[
    "autorefresh",
    "countme",
    "keeppackages",
    "metadata_expire",
    "priority",
    "skip_if_unavailable",
    "type",
];

fn malformed(line: usize, what: impl std::fmt::Display) -> Box<Finding> {
    reject(codes::REPO_FILE_MALFORMED, format!("line {line}: {what}"))
}

#[derive(Default)]
struct Section {
    fields: Vec<(String, String, usize)>,
}

impl Section {
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.fields.iter().position(|(known, _, _)| known == name)?;
        Some(self.fields.remove(at).1)
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<RepoFile, Box<Finding>> {
    if bytes.len() > MOST_BYTES {
        let detail = format!("longer than {MOST_BYTES} bytes");
        return Err(reject(pkgseal_repo::codes::LIMIT, detail));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| malformed(1, format!("byte {} is not UTF-8", error.valid_up_to())))?;
    let mut id = None;
    let mut section = Section::default();
    for (number, line) in (1..).zip(text.lines()) {
        if line.contains(|c: char| c.is_control() && c != '\t') {
            return Err(malformed(number, "a control character"));
        }
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        if let Some(named) = line.strip_prefix('[') {
            let named = named
                .strip_suffix(']')
                .ok_or_else(|| malformed(number, "a section without an end"))?;
            if id.replace(named.to_owned()).is_some() {
                return Err(malformed(number, "a second repository"));
            }
        } else if let Some(more) = line.strip_prefix([' ', '\t']) {
            let more = more.trim();
            let last = section.fields.last_mut();
            match last {
                Some((_, value, _)) if !more.is_empty() => {
                    value.push('\n');
                    value.push_str(more);
                }
                _ => {
                    return Err(malformed(
                        number,
                        "a continuation of nothing, or by nothing",
                    ));
                }
            }
        } else {
            if id.is_none() {
                return Err(malformed(number, "a field before the section"));
            }
            let (name, value) = line
                .split_once('=')
                .ok_or_else(|| malformed(number, "neither a section nor a field"))?;
            let (name, value) = (name.trim(), value.trim());
            if section.fields.iter().any(|(known, _, _)| known == name) {
                return Err(malformed(number, format!("{name} stands there twice")));
            }
            section
                .fields
                .push((name.to_owned(), value.to_owned(), number));
        }
    }
    let id = id.ok_or_else(|| malformed(1, "no section, such as [example]"))?;
    entry(id, section)
}

fn entry(id: String, mut section: Section) -> Result<RepoFile, Box<Finding>> {
    for name in ["gpgcheck", "repo_gpgcheck"] {
        let checked = section.take(name);
        if checked.as_deref() != Some("1") {
            let detail = match checked {
                Some(text) => format!("{name}={text}, where 1 checks signatures"),
                None => format!("no {name}=1: signatures may go unchecked"),
            };
            return Err(reject(codes::REPO_FILE_UNCHECKED, detail));
        }
    }
    if let Some(enabled) = section.take("enabled")
        && !matches!(enabled.as_str(), "0" | "1")
    {
        return Err(value("enabled", &enabled, "is neither 0 nor 1"));
    }
    // zypper goes on from the URL by this path.
    if let Some(path) = section.take("path")
        && climbs(&path)
    {
        return Err(value("path", &path, "climbs"));
    }
    for name in OTHERS {
        if let Some(text) = section.take(name)
            && (text.is_empty()
                || !text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)))
        {
            return Err(value(
                name,
                &text,
                "is neither a switch, a number nor a word",
            ));
        }
    }
    let places: Vec<Place> = [
        section.take("baseurl").map(|urls| Place::Base(list(&urls))),
        section.take("metalink").map(Place::Metalink),
        section.take("mirrorlist").map(Place::MirrorList),
    ]
    .into_iter()
    .flatten()
    .collect();
    let [place] = <[Place; 1]>::try_from(places).map_err(|places| {
        let detail = format!(
            "{} of baseurl, metalink and mirrorlist, where one tells where it is",
            places.len()
        );
        reject(codes::REPO_FILE_MALFORMED, detail)
    })?;
    let repository = RepoFile {
        title: section.take("name").unwrap_or_else(|| id.clone()),
        keys: section
            .take("gpgkey")
            .map(|urls| list(&urls))
            .unwrap_or_default(),
        id,
        place,
    };
    if let Some((name, _, line)) = section.fields.first() {
        return Err(malformed(*line, format!("the field {name} is not known")));
    }
    repository.check()?;
    Ok(repository)
}

/// URLs, parted by blanks and line ends.
fn list(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
